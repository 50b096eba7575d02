/** What is in a container: files copied out and in, an image made of it. */
import type { Intent } from "../intent.ts";

export const contents: Intent[] = [
  {
    command: "docker cp {name}:{path} .",
    train: [
      "copy {path} from the container {name} to the current directory",
      "copy {path} out of {name} into this folder",
      "get {path} out of the container {name}",
      "fetch {path} from {name} into the current folder",
      "copy {path} from {name} to here",
      "download {path} from the container {name} to this directory",
      "take {path} from the container {name} and put it into the current directory",
      "extract {path} from {name} to this folder",
      "save a copy of {path} from the container {name} here",
      "pull {path} out of {name} to the current directory",
    ],
    heldout: [
      "copy {path} out of the container {name} to this directory",
      "fetch {path} from the container {name} to here",
      "get {path} from {name} into the current folder",
    ],
  },
  {
    command: "docker cp {file} {name}:{folder}",
    train: [
      "copy {file} into the container {name} at {folder}",
      "copy {file} to {folder} in {name}",
      "put {file} into {name} under {folder}",
      "copy the file {file} to {folder} inside the container {name}",
      "place {file} at {folder} in the container {name}",
      "send {file} to {folder} in {name}",
      "put the local file {file} at {folder} in {name}",
      "upload {file} to {folder} of the container {name}",
      "transfer {file} into {name} at {folder}",
      "copy my file {file} to {folder} of {name}",
    ],
    heldout: [
      "copy the local file {file} to {folder} in {name}",
      "put {file} into the container {name} at {folder}",
      "place the file {file} at {folder} inside {name}",
    ],
  },
  {
    command: "docker commit {name} {own}",
    train: [
      "save the container {name} as the image {own}",
      "create the image {own} from the container {name}",
      "commit the container {name} to the image {own}",
      "make a new image {own} out of {name}",
      "commit {name} as {own}",
      "turn the container {name} into an image called {own}",
      "save the changes in {name} as the image {own}",
      "commit the changes of {name} to {own}",
      "store the state of {name} in a new image {own}",
      "make the image {own} from the container {name}",
    ],
    heldout: [
      "commit the container {name} as {own}",
      "create a new image called {own} from the container {name}",
      "save the state of {name} as the image {own}",
    ],
  },
];

// A wheel comes to the disk: with the part that an earlier try left, and only under its name when its checksum is right.

import { createHash, type Hash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { exists } from "../libtorch/mod.ts";
import { type Net, NetFailure, reason, type WheelFile } from "./index/mod.ts";

const PIECE = 2 ** 22; // bytes of a kept part that are hashed at once
const ADVANCE = 2 ** 20; // bytes that make a try worth another one

/** Is told of bytes that are there: from the net now, or from an earlier try; negative ones were for nothing. */
export type OnBytes = (bytes: number, fromNet: boolean) => void;

/** Where a wheel is kept in `folder`: the checksum in the name keeps files of several indexes apart. */
export function placeOf({ url, filename, sha256 = "unchecked" }: WheelFile, folder: string): string {
  return url.startsWith("file:") ? fileURLToPath(url) : `${folder}/${sha256.slice(0, 12)}-${filename}`;
}

/**
 * Brings a wheel into `folder` and returns its path; one that is on this machine stays where it is. Throws a `NetFailure` when
 * the index does not send it, or sends something else.
 */
export async function download(
  net: Net,
  file: WheelFile,
  folder: string,
  onBytes: OnBytes = () => {},
): Promise<string> {
  const path = placeOf(file, folder);
  if (file.url.startsWith("file:")) {
    if (file.sha256 && (await hashOf(path)).digest("hex") !== file.sha256) throw misfit(file, false);
    return path;
  }
  if (exists(path)) return onBytes(Deno.statSync(path).size, false), path; // it has its name: it was right
  await Deno.mkdir(folder, { recursive: true });
  await fill(net, file, `${path}.part`, onBytes);
  Deno.renameSync(`${path}.part`, path);
  return path;
}

async function fill(net: Net, file: WheelFile, part: string, onBytes: OnBytes): Promise<void> {
  using out = await Deno.open(part, { create: true, read: true, write: true });
  let bytes = (await out.stat()).size, marked = bytes, wrong = 0;
  let hash = bytes ? await hashOf(part) : createHash("sha256");
  onBytes(bytes, false);
  await out.seek(bytes, Deno.SeekMode.Start);
  const restart = async () => {
    await out.truncate(0);
    await out.seek(0, Deno.SeekMode.Start);
    onBytes(-bytes, false);
    [bytes, marked, hash] = [0, 0, createHash("sha256")];
  };
  const advanced = () => {
    const far = bytes - marked >= ADVANCE;
    if (far) marked = bytes;
    return far;
  };
  await net.persist(async () => {
    const total = await receive(net, file.url, bytes, restart, async (piece) => {
      for (let at = 0; at < piece.length;) at += await out.write(piece.subarray(at));
      hash.update(piece);
      bytes += piece.length;
      onBytes(piece.length, true);
    });
    if (total !== undefined && bytes < total) throw new NetFailure(`"${new URL(file.url).host}" broke off`, true);
    const isRight = file.sha256 ? hash.copy().digest("hex") === file.sha256 : total === undefined || bytes === total;
    if (isRight) return;
    await restart();
    throw misfit(file, wrong++ === 0); // once it may have been the part of another file
  }, advanced);
  await out.syncData(); // the name says what is in it, also after a power cut
}

/** Asks for the file from byte `from` on, and hands on what comes. Returns the length of the whole, where it is told. */
async function receive(
  net: Net,
  url: string,
  from: number,
  restart: () => Promise<void>,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<number | undefined> {
  const stop = new AbortController(), host = new URL(url).host;
  let watch: ReturnType<typeof setTimeout> | undefined;
  const wake = () => {
    clearTimeout(watch);
    watch = setTimeout(() => stop.abort(new Error("it sends nothing any more")), net.patience.stall);
  };
  try {
    wake();
    const headers = { "accept-encoding": "identity", ...from && { range: `bytes=${from}-` } };
    const answer = await net.ask(url, headers, stop.signal);
    const total = lengthOf(answer);
    if (answer.status === 404) {
      await answer.body?.cancel();
      throw new NetFailure(`"${host}" has no "${decodeURIComponent(new URL(url).pathname.split("/").at(-1)!)}"`, false);
    }
    if (answer.status === 416) { // nothing lies behind what is there: it is whole, or of another file
      await answer.body?.cancel();
      if (total !== from) await restart();
      return total;
    }
    if (answer.status !== 206 || startOf(answer) !== from) {
      if (answer.status === 206) {
        await answer.body?.cancel();
        await restart();
        throw new NetFailure(`"${host}" sends another part than it was asked for`, true);
      }
      await restart();
    }
    for await (const piece of answer.body ?? []) {
      wake();
      await take(piece);
    }
    return total;
  } catch (error) {
    if (error instanceof NetFailure || isOfDisk(error)) throw error;
    throw new NetFailure(`"${host}" broke off (${reason(error)})`, true);
  } finally {
    clearTimeout(watch);
  }
}

function isOfDisk(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES"].includes((error as { code?: string }).code ?? "");
}

function startOf({ headers }: Response): number {
  return Number(headers.get("content-range")?.match(/^bytes (\d+)-/)?.[1] ?? NaN);
}

function lengthOf({ status, headers }: Response): number | undefined {
  const text = status === 200 ? headers.get("content-length") : headers.get("content-range")?.match(/\/(\d+)$/)?.[1];
  return text ? Number(text) : undefined;
}

function misfit({ filename, url }: WheelFile, passing: boolean): NetFailure {
  const from = url.startsWith("file:") ? "this machine" : `"${new URL(url).host}"`;
  return new NetFailure(`${from} has another "${filename}" than the index lists (its SHA-256 differs)`, passing);
}

async function hashOf(path: string): Promise<Hash> {
  using file = await Deno.open(path);
  const hash = createHash("sha256"), piece = new Uint8Array(PIECE);
  for (let read = await file.read(piece); read !== null; read = await file.read(piece)) {
    hash.update(piece.subarray(0, read));
  }
  return hash;
}

import { cudaDevices, type Device, randomState, setRandomState } from "../tensor/mod.ts";

/** The states of all random numbers, by device. */
export type RandomStates = ReadonlyMap<Device, Uint8Array<ArrayBuffer>>;

/** Devices that have random numbers of their own. */
const devices = (): Device[] => ["cpu", ...Array.from({ length: cudaDevices() }, (_, i) => `cuda:${i}` as Device)];

/** Where the random numbers of every device are now. */
export const randomStates = (): RandomStates => new Map(devices().map((device) => [device, randomState(device)]));

/** Puts them back there. Devices that this machine does not have are left out. */
export function setRandomStates(states: ReadonlyMap<string, Uint8Array>): void {
  for (const device of devices()) {
    const state = states.get(device);
    if (state) setRandomState(state, device);
  }
}

// A modbus-serial server of everything in peer.toml, for the system ring.
//   NODE_PATH=.../node_modules node npm_server.js PORT
// Holding register 100 answers 700 ms late; 103 says busy. Only unit 7 is there.
"use strict";
const { ServerTCP } = require("modbus-serial");

const holding = new Map();
const input = new Map([[112, 113]]);
const discrete = new Map([[3, true], [4, false]]);
const coils = new Map([[5, true], [6, false]]);
const LATE = 100, BUSY = 103;

function put(table, address, buffer) {
    for (let i = 0; i < buffer.length; i += 2) table.set(address + i / 2, buffer.readUInt16BE(i));
}
function packed(size, write) {
    const buffer = Buffer.alloc(size);
    write(buffer);
    return buffer;
}
// Buffer.swap16 turns the bytes of each word; after turning all bytes, that turns the words.
const wordsSwapped = (buffer) => Buffer.from(buffer.reverse()).swap16();

put(holding, 0, packed(4, (b) => { b.writeUInt16BE(54321, 0); b.writeInt16BE(-12345, 2); }));
put(holding, 2, packed(4, (b) => b.writeUInt32BE(3000000000)));
put(holding, 4, wordsSwapped(packed(4, (b) => b.writeInt32BE(-2000000000))));
put(holding, 6, packed(8, (b) => b.writeBigUInt64BE(2n ** 40n + 5n)));
put(holding, 10, wordsSwapped(packed(8, (b) => b.writeBigInt64BE(-(2n ** 40n)))));
put(holding, 14, packed(4, (b) => b.writeFloatBE(12.5)).swap16());
put(holding, 16, packed(8, (b) => b.writeDoubleLE(-1234.0625)));
put(holding, 20, Buffer.from("1234" + "12345678", "hex"));
put(holding, 23, Buffer.from("FB-77\0\0\0", "latin1"));
put(holding, 27, packed(4, (b) => { b.writeUInt16BE(0b1010000000000110, 0); b.writeUInt16BE(3, 2); }));
put(holding, 29, packed(4, (b) => { b.writeInt16BE(2345, 0); b.writeInt16BE(-2, 2); }));
put(holding, 31, packed(6, (b) => { b.writeUInt16BE(0xFFFF, 0); b.writeUInt16BE(0x8000, 2); b.writeUInt16BE(999, 4); }));
put(holding, 34, packed(4, (b) => b.writeFloatBE(NaN)));
put(holding, 36, packed(2, (b) => b.writeUInt16BE(51200)));
for (const [address, word] of [[50, 777], [60, 0], [LATE, LATE], [BUSY, BUSY]]) holding.set(address, word);
put(input, 0, packed(2, (b) => b.writeInt16BE(-55)));

function get(table, address) {
    if (!table.has(address)) throw { modbusErrorCode: 2, msg: "illegal address" };
    return table.get(address);
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const server = new ServerTCP({
    getCoil: async (address) => get(coils, address),
    getDiscreteInput: async (address) => get(discrete, address),
    getInputRegister: async (address) => get(input, address),
    getHoldingRegister: async (address) => {
        if (address === BUSY) throw { modbusErrorCode: 6, msg: "busy" };
        if (address === LATE) await pause(700);
        return get(holding, address);
    },
    setCoil: async (address, value) => { get(coils, address); coils.set(address, value); },
    setRegister: async (address, value) => { get(holding, address); holding.set(address, value); },
}, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 7 });
server.on("socketError", () => {});  // a client that hangs up is no trouble of the server's

#!/usr/bin/python3
"""A pymodbus 3.0 server of everything in peer.toml, for the system ring.

pymodbus_server.py tcp PORT | rtu PATH

Holding register 100 answers 700 ms late, 101 to another transaction, 102 as another unit;
103 says busy. Only unit 7 is there.
"""

import asyncio
import struct
import sys
import time

from pymodbus.datastore import (ModbusServerContext, ModbusSlaveContext,
                                ModbusSparseDataBlock)
from pymodbus.pdu import ExceptionResponse
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer

UNIT = 7
LATE, OTHER_TRANSACTION, OTHER_UNIT, BUSY = 100, 101, 102, 103


def words(packed):
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


def words_swapped(packed):
    return words(packed)[::-1]


def bytes_swapped(packed):
    return list(struct.unpack(f"<{len(packed) // 2}H", packed))


def holding():
    image = {}

    def put(address, content):
        for i, word in enumerate(content):
            image[address + i] = word

    put(0, words(struct.pack(">Hh", 54321, -12345)))
    put(2, words(struct.pack(">I", 3000000000)))
    put(4, words_swapped(struct.pack(">i", -2000000000)))
    put(6, words(struct.pack(">Q", 2**40 + 5)))
    put(10, words_swapped(struct.pack(">q", -(2**40))))
    put(14, bytes_swapped(struct.pack(">f", 12.5)))
    put(16, words(struct.pack("<d", -1234.0625)))
    put(20, words(bytes.fromhex("1234" "12345678")))
    put(23, words(b"FB-77\0\0\0"))
    put(27, [0b1010_0000_0000_0110, 3])
    put(29, words(struct.pack(">hh", 2345, -2)))
    put(31, [0xFFFF, 0x8000, 999])
    put(34, words(struct.pack(">f", float("nan"))))
    put(36, [51200])
    put(50, [777])
    put(60, [0])
    for address in (LATE, OTHER_TRANSACTION, OTHER_UNIT, BUSY):
        put(address, [address])
    return image


class Holding(ModbusSparseDataBlock):
    """Remembers which register was asked for last, for what is done to its answer."""

    asked = None

    def getValues(self, address, count=1):  # pylint: disable=invalid-name
        Holding.asked = address
        if address == LATE:
            time.sleep(0.7)
        return super().getValues(address, count)


def bend(response):
    """Called by pymodbus with each answer before it is framed."""
    asked, Holding.asked = Holding.asked, None
    if asked == OTHER_TRANSACTION:
        response.transaction_id ^= 1
    elif asked == OTHER_UNIT:
        response.unit_id += 1
    elif asked == BUSY:
        busy = ExceptionResponse(response.function_code, 6)
        busy.transaction_id, busy.unit_id = response.transaction_id, response.unit_id
        response = busy
    return response, False


def main():
    unit = ModbusSlaveContext(
        di=ModbusSparseDataBlock({3: 1, 4: 0}),
        co=ModbusSparseDataBlock({5: 1, 6: 0}),
        ir=ModbusSparseDataBlock({0: 0x10000 - 55, 112: 113}),
        hr=Holding(holding()),
        zero_mode=True,
    )
    common = {
        "context": ModbusServerContext(slaves={UNIT: unit}, single=False),
        "response_manipulator": bend,
    }
    wire, where = sys.argv[1:]
    if wire == "tcp":
        serve = StartAsyncTcpServer(
            address=("127.0.0.1", int(where)), allow_reuse_address=True, **common)
    else:
        serve = StartAsyncSerialServer(
            framer=ModbusRtuFramer, port=where, baudrate=19200, **common)
    asyncio.run(serve)


main()

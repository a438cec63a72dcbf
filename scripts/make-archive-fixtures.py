#!/usr/bin/env python3
"""Writes fixtures/archives: ZIP files as agencies send them, and as nobody should.

    scripts/make-archive-fixtures.py

Archives are written from the format's description (APPNOTE.TXT, WinZip's AE-2), not by the library that the
program reads them with. The same bytes every time. Needs only Python and `openssl` (for AES blocks).
"""

import hashlib
import hmac
import struct
import subprocess
import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "archives"
ROSTER = "儿童名册_20261118.csv"
TEXT = "编号,姓名\n1,甲\n".encode()
PASSWORD = "密码 2026"
TIME, DATE = 0, (2026 - 1980) << 9 | 11 << 5 | 18
DEFLATED, STORED, AES = 8, 0, 99


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def crc_table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0xEDB88320 if byte & 1 else 0)
        yield byte


CRC = list(crc_table())


def zipcrypto(data, password, crc):
    """Traditional PKWARE encryption."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = keys[0] >> 8 ^ CRC[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ CRC[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in bytes(range(11)) + bytes([crc >> 24]) + data:
        temp = keys[2] | 2
        out.append(byte ^ (temp * (temp ^ 1) >> 8 & 0xFF))
        update(byte)
    return bytes(out)


def aes256(data, password):
    """WinZip AE-2: salt, check of the password, AES-256 with a little-endian counter, authentication."""
    salt = bytes(range(16))
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 66)
    blocks = b"".join((count + 1).to_bytes(16, "little") for count in range(-(-len(data) // 16)))
    command = ["openssl", "enc", "-aes-256-ecb", "-nopad", "-nosalt", "-K", keys[:32].hex()]
    stream = subprocess.run(command, input=blocks, capture_output=True, check=True).stdout
    hidden = bytes(a ^ b for a, b in zip(data, stream))
    code = hmac.new(keys[32:64], hidden, "sha1").digest()[:10]
    return salt + keys[64:66] + hidden + code


def archive(entries):
    """Entries: name as bytes, data, way of encryption, password, mode of Unix."""
    body, directory = bytearray(), bytearray()
    for name, data, way, password, mode in entries:
        crc, packed, flags, method, extra = zlib.crc32(data), deflate(data), 0, DEFLATED, b""
        if all(byte < 128 for byte in name) is False and way == "utf8":
            flags |= 1 << 11
        if way == "zipcrypto":
            packed, flags = zipcrypto(packed, password, crc), flags | 1
        if way == "aes":
            packed, flags, method = aes256(packed, password), flags | 1, AES
            extra = struct.pack("<HHHHBH", 0x9901, 7, 2, int.from_bytes(b"AE", "little"), 3, DEFLATED)
            crc = 0
        facts = struct.pack("<HHHHHIIIHH", 51, flags, method, TIME, DATE, crc, len(packed), len(data), len(name), len(extra))
        start = len(body)
        body += b"PK\x03\x04" + facts + name + extra + packed
        directory += b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 51) + facts
        directory += struct.pack("<HHHII", 0, 0, 0, mode << 16, start) + name + extra
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return bytes(body + directory) + b"PK\x05\x06" + end


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    gbk, plain, link = ROSTER.encode("gbk"), 0o100644, 0o120777
    folder = "民政局/".encode("gbk")
    files = {
        # Old packers of Chinese Windows write names, and passwords too, in GBK.
        "aes256-gbk.zip": [(folder + gbk, TEXT, "aes", PASSWORD.encode(), plain)],
        "zipcrypto-gbk.zip": [(gbk, TEXT, "zipcrypto", PASSWORD.encode("gbk"), plain)],
        "plain-utf8.zip": [(ROSTER.encode(), TEXT, "utf8", b"", plain), (b"readme.txt", b"no data\n", "", b"", plain)],
        "paths.zip": [
            (b"../outside.csv", b"outside\n", "", b"", plain),
            (b"/absolute.csv", b"outside\n", "", b"", plain),
            (b"C:\\drive.csv", b"outside\n", "", b"", plain),
            (b"link.csv", b"/etc/passwd", "", b"", link),
            (b"inside.csv", b"inside\n", "", b"", plain),
            (b"folder\\inside.csv", b"again\n", "", b"", plain),
        ],
        "bomb.zip": [(b"bomb.csv", bytes(20 << 20), "", b"", plain)],
    }
    for name, entries in files.items():
        (FOLDER / name).write_bytes(archive(entries))
    whole = (FOLDER / "aes256-gbk.zip").read_bytes()
    (FOLDER / "cut.zip").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    main()

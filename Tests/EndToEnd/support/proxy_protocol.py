"""Headers of the PROXY protocol, versions 1 and 2, as a load balancer writes them."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LOCAL, PROXY = 0, 1
STREAM, DATAGRAM = 1, 2
CRC32C, NOOP, AUTHORITY = 0x03, 0x04, 0x02


def version1(source: str, destination: str = "192.0.2.1", source_port: int = 4711, port: int = 443) -> bytes:
    """The text form; the family follows from the source."""
    family = f"TCP{ipaddress.ip_address(source).version}"
    return f"PROXY {family} {source} {destination} {source_port} {port}\r\n".encode()


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(value)) + value


def version2(
    source: str | None,
    destination: str = "192.0.2.1",
    command: int = PROXY,
    transport: int = STREAM,
    extra: bytes = b"",
    checksum: bool | None = None,
) -> bytes:
    """The binary form; without a source the family is unspecified. `checksum`: a right or a wrong CRC32c."""
    addresses = b""
    family = 0
    if source is not None:
        address = ipaddress.ip_address(source)
        other = ipaddress.ip_address(destination)
        if address.version == 6 and other.version == 4:
            other = ipaddress.ip_address("2001:db8::1")
        family = (0x10 if address.version == 4 else 0x20) | transport
        addresses = address.packed + other.packed + struct.pack(">HH", 4711, 443)
    position = 16 + len(addresses) + 3
    if checksum is not None:
        extra = tlv(CRC32C, bytes(4)) + extra
    length = len(addresses) + len(extra)
    header = bytearray(SIGNATURE + struct.pack(">BBH", 0x20 | command, family, length) + addresses + extra)
    if checksum is not None:
        value = crc32c(bytes(header)) ^ (0 if checksum else 1)
        header[position : position + 4] = struct.pack(">I", value)
    return bytes(header)


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum, bit by bit."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF

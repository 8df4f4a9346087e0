#!/usr/bin/env python3
"""Checks a bundle of evidence from a Golden Thread ledger.

    python3 verify.py BUNDLE [--policy FILE]

BUNDLE is the zip, or the folder into which it was unpacked. With --policy the keys
are taken from FILE and not from the bundle. Exit status: 0 everything holds, 1 it
does not, or a signature in it is not proved, 2 it could not be checked.

It uses Python's standard library, and openssl for signatures. What a bundle may
hold is written in FORMAT.md, and how people's signatures may be written in
GRAMMAR.md. Formats that others read too: c2sp.org/tlog-proof, tlog-checkpoint,
signed-note, tlog-cosignature; RFC 6962; W3C Web Authentication; RFC 9052.
"""
import argparse
import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import stat
import struct
import subprocess
import sys
import tempfile
import zlib


class Fails(Exception):
    """The bundle does not hold."""


class NotProved(Exception):
    """A signature, or its key, is not of the form that can be proved (GRAMMAR.md)."""


class CannotCheck(Exception):
    """Whether it holds can't be said here."""


# The files of a bundle (FORMAT.md), and how many bytes each may have.

MOST = {"README.txt": 8192, "SHA256SUMS": 1 << 19, "checkpoint": 32768, "page.html": 16 << 20, "policy.txt": 16384, "verify.py": 131072}
NEEDED = ("README.txt", "SHA256SUMS", "checkpoint", "page.html", "policy.txt")
MOST_EVENTS = 2000
MOST_LINE = 65535
MOST_PROOF = 65536
MOST_BYTES = 32 << 20  # of all files
MOST_ZIP = MOST_BYTES + (1 << 20)
NUMBERED = re.compile(r"(?:events/([0-9]{8,12})\.json|proofs/([0-9]{8,12})\.tlog-proof)")


def number_in(name):
    """Of which event the file is; None if that is not the name of one."""
    m = NUMBERED.fullmatch(name)
    number = m and (m.group(1) or m.group(2))
    return int(number) if number and number == "%08d" % int(number) else None


class Files:
    """The files of a bundle by name, within the bounds."""

    def __init__(self):
        self.files, self.bytes = {}, 0

    def most(self, name):
        """How many bytes the file may have."""
        most = MOST.get(name)
        if most is None and number_in(name) is not None:
            most = MOST_LINE if name.startswith("events/") else MOST_PROOF
        if most is None:
            raise Fails("%.100r does not belong to a bundle" % name)
        return most

    def add(self, name, data):
        if len(data) > self.most(name):
            raise Fails("%s has more than %d bytes" % (name, self.most(name)))
        self.files[name] = data
        self.bytes += len(data)
        if len(self.files) > 2 * MOST_EVENTS + len(MOST) or self.bytes > MOST_BYTES:
            raise Fails("there is more in it than a bundle may hold")


def read_bundle(path):
    """All files of a folder or zip, by name."""
    if os.path.isdir(path):
        return read_folder(path)
    with open(path, "rb") as f:
        return read_zip(f.read(MOST_ZIP + 1))


def read_folder(path):
    read = Files()
    for folder, below, names in os.walk(path):
        at = os.path.relpath(folder, path).replace(os.sep, "/")
        for name in below:
            if at != "." or name not in ("events", "proofs") or os.path.islink(os.path.join(folder, name)):
                raise Fails("the folder %.100r does not belong to a bundle" % name)
        for name in names:
            full = os.path.join(folder, name)
            name = name if at == "." else at + "/" + name
            most = read.most(name)
            if not stat.S_ISREG(os.lstat(full).st_mode):
                raise Fails("%s is not a plain file" % name)
            with open(full, "rb") as f:
                read.add(name, f.read(most + 1))
    return read.files


# A zip of a bundle has one spelling: nothing compressed, in the order of the names,
# one date, no comments, nothing before, between or behind. So it is read from the
# front, written again, and compared.

LOCAL, CENTRAL, END = struct.Struct("<IHHHHHIIIHH"), struct.Struct("<IHHHHHHIIIHHHHHII"), struct.Struct("<IHHHHIIH")
DATE = 0x21  # 1 January 1980


def read_zip(data):
    if len(data) > MOST_ZIP:
        raise Fails("the file is too large to be a bundle")
    read, at, last = Files(), 0, ""
    while len(data) - at >= LOCAL.size and data[at:at + 4] == b"PK\3\4":
        header = LOCAL.unpack_from(data, at)
        size, n = header[7], header[9]
        name = data[at + LOCAL.size:at + LOCAL.size + n].decode("latin-1")
        begin = at + LOCAL.size + n
        if header[8] != size or size > read.most(name) or name <= last:
            raise Fails("the zip is not written as FORMAT.md says: unpack it, and check the folder")
        read.add(name, data[begin:begin + size])
        at, last = begin + size, name
    if write_zip(read.files) != data:
        raise Fails("the zip is not written as FORMAT.md says: unpack it, and check the folder")
    return read.files


def write_zip(files):
    parts, central, at = [], [], 0
    for name in sorted(files):
        data, encoded = files[name], name.encode("latin-1")
        same = (20, 0, 0, 0, DATE, zlib.crc32(data), len(data), len(data), len(encoded), 0)
        central.append(CENTRAL.pack(0x02014b50, 20, *same, 0, 0, 0, 0, at) + encoded)
        parts += [LOCAL.pack(0x04034b50, *same), encoded, data]
        at += LOCAL.size + len(encoded) + len(data)
    size = sum(len(c) for c in central)
    return b"".join(parts + central + [END.pack(0x06054b50, 0, 0, len(files), len(files), size, at, 0)])


def text_of(data, what, wrong=Fails):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise wrong("%s is not text" % what)


def base64_of(text, what):
    """Bytes of the one spelling in base64 that they have."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fails("%s is not base64" % what)
    if base64.b64encode(data).decode() != text:
        raise Fails("%s is not written as base64 is" % what)
    return data


# Sums: damage on the way.

def check_sums(files):
    want = "".join("%s  %s\n" % (hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files) if name != "SHA256SUMS")
    if files["SHA256SUMS"] == want.encode():
        return
    listed = dict(re.findall(r"([0-9a-f]{64})  (\S+)\n", files["SHA256SUMS"].decode("latin-1")))
    for name, sum_ in ((name, sum_) for sum_, name in listed.items()):
        if name in files and hashlib.sha256(files[name]).hexdigest() != sum_:
            raise Fails("%s was changed or damaged" % name)
    raise Fails("SHA256SUMS does not fit the files: some were changed, damaged, added or taken away")


# Signatures, by openssl.

PUBLIC_KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")  # Ed25519, RFC 8410
verified = {}


def signed_by(key, message, signature):
    known = (key, message, signature)
    if known not in verified:
        verified[known] = openssl_verifies(PUBLIC_KEY_PREFIX + key, message, signature)
    return verified[known]


def openssl_verifies(public_key, message, signature, options=()):
    with tempfile.TemporaryDirectory() as folder:
        def put(name, data):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
            return os.path.join(folder, name)

        pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(public_key) + b"\n-----END PUBLIC KEY-----\n"
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", put("key.pem", pem),
                   "-in", put("message", message), "-sigfile", put("signature", signature), *options]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as e:
            raise CannotCheck("openssl can't be started: %s" % e)
    said = done.stdout.decode(errors="replace")
    if done.returncode == 0 and "Signature Verified Successfully" in said:
        return True
    if "Signature Verification Failure" in said:
        return False
    raise CannotCheck("openssl could not verify a signature: %s" % said.strip())


# Keys and policy.

NAME = r"[!-*,-~]{1,200}"  # of a log or a witness: ASCII, no blank, no plus
VKEY = re.compile(r"(%s)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})" % NAME)
PART = re.compile(r"[A-Za-z0-9._-]{1,64}")
LOG, WITNESS = 1, 4
MOST_PARTS = 64  # witnesses, and groups, of a policy


class Key:
    """A key as c2sp.org/signed-note writes it: name+hash+base64."""

    def __init__(self, vkey, kind):
        m = VKEY.fullmatch(vkey)
        if not m:
            raise Fails("%r in the policy is not a key" % vkey)
        self.vkey, self.name = vkey, m.group(1)
        data = base64_of(m.group(3), "a key in the policy")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != m.group(2):
            raise Fails("the key of %s in the policy is damaged" % self.name)
        if data[0] != kind or not sound(data[1:]):
            raise Fails("the key of %s in the policy is not of the kind that is needed" % self.name)
        self.kind, self.key = kind, data[1:]


class Policy:
    """Whose signatures a checkpoint needs. Every key is named once, and counts once."""

    def __init__(self, data):
        self.log, self.parts, self.quorum, self.witnesses, self.grouped = None, {}, None, [], set()
        if len(data) > MOST["policy.txt"]:
            raise Fails("the policy is too long")
        for line in text_of(data, "the policy").split("\n"):
            words = line.split("#")[0].strip(" \t")
            if not re.fullmatch(r"[\t -~]*", words):
                raise Fails("the policy has a line that can't be read: %.200r" % line)
            words = re.split(r"[ \t]+", words) if words else []
            if words and not self.line(words):
                raise Fails("the policy has a line that can't be read: %.200r" % line)
        keys = ([self.log] if self.log else []) + self.witnesses
        if not self.log or self.quorum is None or (self.quorum != "none" and self.quorum not in self.parts):
            raise Fails("the policy does not say whose signatures are needed")
        if len({k.key for k in keys}) < len(keys) or len({(k.name, k.id) for k in keys}) < len(keys):
            raise Fails("the policy names a key twice")

    def line(self, words):
        """Takes a line; false if it is none."""
        if words[0] == "log" and len(words) in (2, 3) and not self.log:
            self.log = Key(words[1], LOG)
        elif words[0] == "witness" and len(words) in (3, 4) and self.is_new(words[1]) and len(self.witnesses) < MOST_PARTS:
            self.parts[words[1]] = Key(words[2], WITNESS)
            self.witnesses.append(self.parts[words[1]])
        elif words[0] == "group" and len(words) >= 4 and self.is_new(words[1]) and len(self.parts) - len(self.witnesses) < MOST_PARTS:
            group = self.group(words[2], words[3:])
            self.parts[words[1]] = group
        elif words[0] == "quorum" and len(words) == 2 and self.quorum is None:
            self.quorum = words[1]
        else:
            return False
        return True

    def is_new(self, name):
        return PART.fullmatch(name) and name != "none" and name not in self.parts

    def group(self, least, names):
        for name in names:
            if name not in self.parts:
                raise Fails("the policy names %r, which it does not know" % name)
            if name in self.grouped:
                raise Fails("the policy counts %r twice" % name)
            self.grouped.add(name)
        if not re.fullmatch(r"any|all|[1-9][0-9]{0,2}", least):
            raise Fails("the policy asks for %r of %d" % (least, len(names)))
        n = {"any": 1, "all": len(names)}.get(least) or int(least)
        if n > len(names):
            raise Fails("the policy asks for %s of %d" % (least, len(names)))
        return n, [self.parts[name] for name in names]

    def met(self, part, signers):
        if isinstance(part, Key):
            return part.vkey in signers
        n, parts = part
        return sum(self.met(p, signers) for p in parts) >= n

    def check(self, origin, signers):
        if self.log.name != origin:
            raise Fails("the checkpoint is of the log %r, and the policy is for %r" % (origin, self.log.name))
        if self.log.vkey not in signers:
            raise Fails("the log has not signed the checkpoint")
        if self.quorum != "none" and not self.met(self.parts[self.quorum], signers):
            raise Fails("too few witnesses have cosigned the checkpoint")


# Checkpoints.

CHECKPOINT = re.compile(r"(%s)\n([1-9][0-9]{0,11})\n([A-Za-z0-9+/]{43}=)\n\n((?:\u2014 %s [A-Za-z0-9+/]+={0,2}\n){1,100})" % (NAME, NAME))
LAST_TIME = 253402300799  # the end of the year 9999, in seconds from 1970


class Checkpoint:
    """A signed tree head (c2sp.org/tlog-checkpoint) that meets the policy."""

    def __init__(self, signed, policy):
        m = CHECKPOINT.fullmatch(text_of(signed, "the checkpoint"))
        if not m:
            raise Fails("the checkpoint is not one")
        self.origin, self.size = m.group(1), int(m.group(2))
        self.root = base64_of(m.group(3), "the root of the checkpoint")
        self.text = "%s\n%s\n%s\n" % m.group(1, 2, 3)
        self.signers, self.seen = {}, set()  # vkey: when, if it says
        for line in m.group(4)[:-1].split("\n"):
            self.signature(line, policy)
        policy.check(self.origin, self.signers)

    def signature(self, line, policy):
        _, name, text = line.split(" ")
        data = base64_of(text, "a signature")
        if len(data) < 5 or (name, data[:4]) in self.seen:
            raise Fails("the checkpoint has a signature that is none, or twice")
        self.seen.add((name, data[:4]))
        for key in [policy.log] + policy.witnesses:
            if key.name != name or key.id != data[:4]:
                continue
            message, when = self.text.encode(), None
            if key.kind == WITNESS:
                when = int.from_bytes(data[4:12], "big")
                message = b"cosignature/v1\ntime %d\n" % when + message
            signature = data[4:] if key.kind == LOG else data[12:]
            if len(signature) != 64 or when is not None and not 0 < when <= LAST_TIME or not signed_by(key.key, message, signature):
                raise Fails("the signature of %s on the checkpoint is wrong" % key.name)
            self.signers[key.vkey] = when


# Proofs (RFC 6962, section 2.1.1; checked as RFC 9162, section 2.1.3.2 says).

PROOF = re.compile(rb"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,11})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n")


def read_proof(data):
    """Index, hashes and checkpoint of a c2sp.org/tlog-proof@v1."""
    m = PROOF.match(data)
    if not m:
        raise Fails("a proof is not one")
    hashes = [base64_of(line.decode(), "a hash in a proof") for line in m.group(2).split()]
    return int(m.group(1)), hashes, data[m.end():]


def root_of(line, index, size, hashes):
    """The root of the tree of that size in which the event stands at the index."""
    if index >= size:
        raise Fails("event %d is not among the %d that were signed" % (index, size))
    at, last = index, size - 1
    r = hashlib.sha256(b"\0" + line).digest()
    for p in hashes:
        if last == 0 or len(p) != 32:
            raise Fails("the proof of event %d does not fit" % index)
        if at & 1 or at == last:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        at, last = at >> 1, last >> 1
    if last:
        raise Fails("the proof of event %d is cut short" % index)
    return r


LINE_DEPTH = 16  # arrays and objects in each other, in an event
ENVELOPE = ("type", "subject", "time", "actor", "onbehalfof", "effective")


def check_event(number, files, checkpoint):
    """The event, proved to stand in the tree of the checkpoint at its index."""
    line, proof_name = files["events/%08d.json" % number], "proofs/%08d.tlog-proof" % number
    index, hashes, proved = read_proof(files[proof_name])
    if proved != files["checkpoint"]:
        raise Fails("%s ends in another checkpoint than the bundle's" % proof_name)
    if index != number:
        raise Fails("%s is of another event" % proof_name)
    if root_of(line, index, checkpoint.size, hashes) != checkpoint.root:
        raise Fails("event %d is not in the log as it stands here" % index)
    event = json_of(line, "event %d" % index, MOST_LINE, LINE_DEPTH)
    if (not isinstance(event, dict) or event.get("specversion") != "1.0" or not isinstance(event.get("source"), str)
            or not re.fullmatch(r"/groups/[a-z0-9-]{1,60}", event["source"]) or not isinstance(event.get("data"), dict)
            or type(event.get("cause", 0)) is not int or event.get("cause", 0) < 0
            or not all(isinstance(event.get(name), str) and is_line(event[name]) for name in ENVELOPE)):
        raise Fails("event %d is not an event" % index)
    if type(event.get("index")) is not int or event["index"] != index:
        raise Fails("event %d says that it is another" % index)
    return event


def is_line(text):
    """Whether it is a short text on one line."""
    return len(text.encode()) <= 1000 and not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


# What people signed with their passkeys (W3C Web Authentication, level 3, 7.2).
# A bundle is a part of a ledger: that a key was not removed meanwhile, or that
# there were no newer words, can't be seen in it. What is here must hold together.

MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def json_of(data, what, most_bytes, most_depth, wrong=Fails):
    """JSON as GRAMMAR.md allows it."""
    def no(*_):
        raise wrong("%s is not JSON, or not as it is allowed" % what)

    def once(pairs):
        return dict(pairs) if len(dict(pairs)) == len(pairs) else no()

    def whole(text):
        return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text) else no()
    if len(data) > most_bytes:
        no()
    try:
        text, depth = data.decode("utf-8"), 0
        for mark in MARKS.finditer(text):  # before Python's own reading, which ends where nesting is deep
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark.group(), 0)
            if depth > most_depth:
                no()
        value = json.loads(text, object_pairs_hook=once, parse_int=whole, parse_float=no, parse_constant=no)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # halves of a character have no UTF-8
    except ValueError:
        no()
    return value


EXTENSION_DEPTH = 4  # arrays and maps in each other


def cbor_end(data, at, depth=0):
    """Where one item of CBOR (RFC 8949) ends, if it is as GRAMMAR.md allows it."""
    wrong = NotProved("the device's extensions are not as GRAMMAR.md allows them")
    if at >= len(data):
        raise wrong
    major, n = data[at] >> 5, data[at] & 31
    at += 1
    if n >= 24:
        size = 1 << n - 24
        if n > 26 or major == 7 or at + size > len(data):
            raise wrong
        n, at = int.from_bytes(data[at:at + size], "big"), at + size
        if n < {1: 24, 2: 1 << 8, 4: 1 << 16}[size]:
            raise wrong
    if major in (0, 1) or major == 7 and n in (20, 21):
        return at
    if major in (2, 3):
        if at + n > len(data):
            raise wrong
        if major == 3:
            text_of(data[at:at + n], "a text", NotProved)
        return at + n
    if major not in (4, 5) or depth == EXTENSION_DEPTH:
        raise wrong
    names = set()
    for _ in range(n):
        if major == 5:
            end = cbor_end(data, at, depth + 1)
            if data[at] >> 5 != 3 or data[at:end] in names:
                raise wrong
            names.add(data[at:end])
            at = end
        at = cbor_end(data, at, depth + 1)
    return at


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([128 + (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + body


EC_KEY, RSA_KEY = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06092a864886f70d0101010500")


class Curve:
    """y\u00b2 = x\u00b3 - 3x + b modulo p, with n points (FIPS 186-5, SP 800-186)."""

    def __init__(self, oid, size, p, b, n):
        self.oid, self.size, self.p, self.b, self.n = bytes.fromhex(oid), size, p, int(b, 16), int(n, 16)

    def has(self, x, y):
        return x < self.p and y < self.p and (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0


P256 = Curve("06082a8648ce3d030107", 32, 2**256 - 2**224 + 2**192 + 2**96 - 1,
             "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
             "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
P384 = Curve("06052b81040022", 48, 2**384 - 2**128 - 2**96 + 2**32 - 1,
             "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
             "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973")
P521 = Curve("06052b81040023", 66, 2**521 - 1,
             "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
             "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409")

# Ed25519 (RFC 8032). The y of points of small order: others than the owner of such a
# key can find signatures for it.
FIELD = 2**255 - 19
D25519 = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
LOW_ORDER = (0, 1, FIELD - 1, 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7,
             0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826)


def sound(key):
    """Whether these 32 bytes are an Ed25519 key in its one spelling, and a safe one."""
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if y >= FIELD or y in LOW_ORDER:
        return False
    u, v = y * y - 1, D25519 * y * y + 1
    return pow(u * v, (FIELD - 1) // 2, FIELD) == 1


# How a COSE_Key (RFC 9052) of each algorithm (RFC 9053, RFC 8812) begins: its curve or
# kind, hash, PSS.
ALGORITHMS = {
    "a5010203262001": (P256, "sha256", False), "a501020338222002": (P384, "sha384", False), "a501020338232003": (P521, "sha512", False),
    "a4010103272006": ("ed25519", None, False),
    "a4010303390100": ("rsa", "sha256", False), "a4010303390101": ("rsa", "sha384", False), "a4010303390102": ("rsa", "sha512", False),
    "a40103033824": ("rsa", "sha256", True), "a40103033825": ("rsa", "sha384", True), "a40103033826": ("rsa", "sha512", True)}


class PublicKey:
    """A passkey's public key, if it is written as GRAMMAR.md says."""

    def __init__(self, cose):
        wrong = NotProved("its public key is not one that GRAMMAR.md allows")
        for start, (kind, digest, pss) in ALGORITHMS.items():
            if cose.startswith(bytes.fromhex(start)):
                self.kind, self.pss, rest = kind, pss, cose[len(start) // 2:]
                break
        else:
            raise wrong
        self.options = ["-digest", digest] if digest else []
        self.der = self.curve(rest) if isinstance(kind, Curve) else self.rsa(rest) if kind == "rsa" else self.edwards(rest)
        if not self.der:
            raise wrong

    def curve(self, b):
        n = self.kind.size
        x, y = b[3:3 + n], b[6 + n:]
        if len(b) != 2 * (3 + n) or b[:3] != bytes([0x21, 0x58, n]) or b[3 + n:6 + n] != bytes([0x22, 0x58, n]):
            return None
        if not self.kind.has(int.from_bytes(x, "big"), int.from_bytes(y, "big")):
            return None
        return der(0x30, der(0x30, EC_KEY, self.kind.oid), der(3, b"\0\4" + x + y))

    def edwards(self, b):
        return PUBLIC_KEY_PREFIX + b[3:] if len(b) == 35 and b[:3] == b"\x21\x58\x20" and sound(b[3:]) else None

    def rsa(self, b):
        n, self.size = b[4:-5], len(b) - 9
        if self.size not in (256, 384, 512) or b[:4] != bytes([0x20, 0x59, self.size >> 8, 0]) or b[-5:] != b"\x21\x43\1\0\1":
            return None
        if n[0] < 0x80 or not n[-1] & 1:
            return None
        if self.pss:
            self.options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
        return der(0x30, der(0x30, RSA_KEY), der(3, b"\0" + der(0x30, der(2, b"\0" + n), der(2, b"\1\0\1"))))

    def check_shape(self, signature):
        """That the signature is written as those of the key are."""
        if isinstance(self.kind, Curve):
            right = is_der(signature, self.kind.n)
        else:
            right = len(signature) == (self.size if self.kind == "rsa" else 64)
        if not right:
            raise NotProved("its signature is not written as GRAMMAR.md says")

    def made(self, message, signature):
        return openssl_verifies(self.der, message, signature, self.options)


def is_der(signature, order):
    """Whether it is the one spelling in DER of two numbers from 1 to below the order."""
    numbers, at = [], 3 if signature[1:2] == b"\x81" else 2
    for _ in range(2):
        if len(signature) < at + 2 or signature[at] != 2:
            return False
        numbers.append(signature[at + 2:at + 2 + signature[at + 1]])
        at += 2 + signature[at + 1]
    values = [int.from_bytes(n, "big", signed=True) for n in numbers]
    if not all(0 < v < order for v in values):
        return False
    return signature == der(0x30, *[der(2, v.to_bytes(v.bit_length() // 8 + 1, "big")) for v in values])


STATEMENT = ["form", "group", "command", "proposal", "version", "objection", "confirms", "seat", "person", "needNotWait", "reason",
             "interest", "grade", "why", "wouldResolve", "how", "words", "exact", "known", "nonce"]
ALWAYS = {"form", "group", "command", "proposal", "seat", "person", "exact", "known", "nonce"}
NUMBERS = {"version", "confirms", "known"}
MOST_STATEMENT = 24000  # bytes


def read_statement(text):
    """A statement, if it is written in the one way in which it can be."""
    st = json_of(text.encode(), "a statement", MOST_STATEMENT, 2)
    wrong = Fails("what was signed is not a statement")
    if not isinstance(st, dict) or st.get("form") != "goldenthread.statement.v1":
        raise wrong
    if [n for n in STATEMENT if n in st] != list(st) or not ALWAYS <= set(st):
        raise wrong
    for name, v in st.items():
        want = int if name in NUMBERS else bool if name == "needNotWait" else dict if name == "exact" else str
        if type(v) is not want or not v and name not in ALWAYS or want is int and v < 0:
            raise wrong
    exact = st["exact"]
    if list(exact) != ["event", "sha256"] or type(exact["event"]) is not int or exact["event"] < 0 or type(exact["sha256"]) is not str:
        raise wrong
    again = json.dumps(st, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if again != text:
        raise wrong
    return st


def said(event, kind, data):
    """What the event says, in the members of the command with which it was said."""
    s = {n: data[n] for n in SAID[kind] if n not in ("heard", "stand") and data.get(n)}
    if kind == "position.taken":
        s["command"] = "" if data.get("heard") else {"consent": "consent", "stand-aside": "stand-aside"}.get(data.get("stand"), "")
    elif kind == "position.confirmed":
        s["command"], s["confirms"] = "confirm-position", event.get("cause", event["index"])
    elif kind == "objection.raised":
        s["command"] = "object"
    else:
        s["command"] = "resolve-objection"
        seat = event["onbehalfof"]
        s["seat"] = seat[5:] if seat.startswith("seat/") else ""
    for name in ("command", "proposal", "seat", "person"):
        s.setdefault(name, "")
    return {n: v for n, v in s.items() if v or n in ALWAYS}


# What is read of an event that can be signed: texts, but version and needNotWait.
SAID = {"position.taken": ["proposal", "version", "seat", "person", "needNotWait", "reason", "interest", "heard", "stand"],
        "position.confirmed": ["proposal", "version", "seat", "person"],
        "objection.raised": ["proposal", "version", "seat", "person", "grade", "why", "wouldResolve"],
        "objection.resolved": ["proposal", "objection", "person", "how", "words"]}
SIGNED = {"goldenthread.%s.v1" % kind: kind for kind in SAID}
SIGNATURE = ["credential", "statement", "authenticatorData", "clientDataJSON", "signature"]
REGISTERED = ["person", "credential", "publicKey", "relyingParty"]


def read(data, members, needed=False):
    """The members, each of its type; with needed, none may be missing."""
    found = {}
    for name in members:
        want = {"version": int, "needNotWait": bool}.get(name, str)
        if name in data and type(data[name]) is not want or needed and name not in data:
            raise Fails("what it says can't be read")
        if name in data:
            found[name] = data[name]
    return found


def belongs(origin, party):
    """Whether a passkey for the party may be used on pages of the origin."""
    m = re.fullmatch(r"(https?)://([a-z0-9._-]+)(:[1-9][0-9]{0,4})?", origin)
    if not m:
        return False
    scheme, host = m.group(1), m.group(2)
    here = host == "localhost" or host.endswith(".localhost")
    return (host == party or host.endswith("." + party)) and (scheme == "https" or here)


MOST_CLIENT_DATA, CLIENT_DEPTH, FIXED, MOST_EXTENSIONS = 2048, 4, 37, 512


def read_client_data(data):
    """What a browser said, if it is written as GRAMMAR.md says."""
    c = json_of(data, "what the browser said", MOST_CLIENT_DATA, CLIENT_DEPTH, NotProved)
    if (not isinstance(c, dict) or not all(isinstance(c.get(name), str) for name in ("type", "challenge", "origin"))
            or not isinstance(c.get("crossOrigin", False), bool)):
        raise NotProved("what the browser said is not as GRAMMAR.md allows it")
    return c


def check_device(data):
    """That authenticatorData is written as GRAMMAR.md says."""
    wrong = NotProved("what the device said is not as GRAMMAR.md allows it")
    if not FIXED <= len(data) <= FIXED + MOST_EXTENSIONS:
        raise wrong
    flags = data[32]
    if flags & 0x62 or flags & 0x18 == 0x10:
        raise wrong
    if not flags & 0x80:
        if len(data) != FIXED:
            raise wrong
    elif len(data) == FIXED or data[FIXED] >> 5 != 5 or cbor_end(data, FIXED) != len(data):
        raise wrong


def check_assertion(statement, client_json, device, signature, cose, party):
    """That the passkey made this assertion about the statement; from which page."""
    key = PublicKey(cose)
    if len(party) > 253 or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", party):
        raise NotProved("its passkey is for what is not the name of a server")
    client = read_client_data(client_json)
    check_device(device)
    key.check_shape(signature)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(statement.encode()).digest()).decode().rstrip("=")
    if client["type"] != "webauthn.get":
        raise Fails("what was signed is not an assertion")
    if client["challenge"] != challenge:
        raise Fails("it is a signature of another statement")
    if client.get("crossOrigin") or not belongs(client["origin"], party):
        raise Fails("it was signed on a page to which the passkey does not belong")
    if device[:32] != hashlib.sha256(party.encode()).digest() or device[32] & 5 != 5:
        raise Fails("the device was not for %s, or its owner was not there" % party)
    if not key.made(device + hashlib.sha256(client_json).digest(), signature):
        raise Fails("the key did not make this signature")
    return client["origin"]


class People:
    """Checks what people signed among the events, in order."""

    def __init__(self, files):
        self.files, self.keys, self.words, self.nonces, self.lines = files, {}, {}, {}, []
        self.persons, self.unchecked, self.not_proved = [], [], []  # indexes

    def event(self, e):
        kind, data, index = e["type"], e["data"], e["index"]
        try:
            if kind == "goldenthread.passkey.registered.v1":
                k = read(data, REGISTERED, True)
                base64_of(k["credential"], "a credential"), base64_of(k["publicKey"], "a public key")
                if e["actor"] == "person/" + k["person"]:
                    self.keys[k["credential"]] = (index, k)
            elif kind == "goldenthread.passkey.removed.v1":
                k = read(data, ["credential"], True)
                base64_of(k["credential"], "a credential")
                self.keys.pop(k["credential"], None)
            elif kind in ("goldenthread.proposal.raised.v1", "goldenthread.proposal.amended.v1"):
                w = read(data, ["proposal", "version"] if "amended" in kind else ["proposal"], True)
                self.words[index] = (w["proposal"], w.get("version", 1), hashlib.sha256(self.files["events/%08d.json" % index]).hexdigest())
            elif kind in SIGNED:
                says = read(data, SAID[SIGNED[kind]])
                if "signature" in data:
                    if not isinstance(data["signature"], dict):
                        raise Fails("what it says can't be read")
                    self.signed(e, says, read(data["signature"], SIGNATURE, True))
        except Fails as why:
            raise Fails("event %d: %s" % (index, why))

    def signed(self, e, data, g):
        parts = {n: base64_of(g[n], "a part of its signature") for n in SIGNATURE if n != "statement"}
        st = read_statement(g["statement"])
        tells = {n: v for n, v in st.items() if n not in ("form", "group", "exact", "known", "nonce")}
        if (tells != said(e, SIGNED[e["type"]], data) or e["source"] != "/groups/" + st["group"]
                or e["actor"] != "person/" + st["person"] or st["known"] >= e["index"]):
            raise Fails("what was signed is not what it says")
        if st["nonce"] in self.nonces:
            raise Fails("its signature was used before, by event %d" % self.nonces[st["nonce"]])
        self.nonces[st["nonce"]] = e["index"]
        words = self.words.get(st["exact"]["event"])
        if words and (words[0] != st["proposal"] or st.get("version", 0) not in (0, words[1]) or words[2] != st["exact"]["sha256"]):
            raise Fails("the words that were signed are not those of event %d" % st["exact"]["event"])
        registered = self.keys.get(g["credential"])
        if not registered:
            self.unchecked.append(e["index"])
            self.lines.append("  NOT CHECKED: the signature in event %d; its passkey is not in this bundle" % e["index"])
            return
        if registered[1]["person"] != st["person"]:
            raise Fails("it is signed with somebody else's passkey")
        key = registered[1]
        try:
            origin = check_assertion(g["statement"], parts["clientDataJSON"], parts["authenticatorData"], parts["signature"],
                                     base64_of(key["publicKey"], "a public key"), key["relyingParty"])
        except NotProved as why:
            self.not_proved.append(e["index"])
            self.lines.append("  NOT PROVED: the signature in event %d; %s" % (e["index"], why))
            return
        if words:
            self.persons.append(e["index"])
            self.lines.append("  %6d  signed with the passkey that event %d made known, at %s" % (e["index"], registered[0], origin))
        else:
            self.unchecked.append(e["index"])
            self.lines.append("  NOT CHECKED: the words that were signed in event %d are not in this bundle" % e["index"])


class Checked:
    """A bundle whose events hold. Whoever makes one gets Fails if they don't."""

    def __init__(self, files, own_policy=None):
        for name in NEEDED:
            if name not in files:
                raise Fails("%s is missing" % name)
        check_sums(files)
        numbers = sorted({number_in(name) for name in files} - {None})
        for n in numbers:
            if "events/%08d.json" % n not in files or "proofs/%08d.tlog-proof" % n not in files:
                raise Fails("event %d has no proof, or the proof no event" % n)
        if not numbers or len(numbers) > MOST_EVENTS:
            raise Fails("there is no event in the bundle, or more than %d" % MOST_EVENTS)
        self.policy = Policy(files["policy.txt"] if own_policy is None else own_policy.replace(b"\r\n", b"\n"))
        self.checkpoint = Checkpoint(files["checkpoint"], self.policy)
        self.events = [check_event(n, files, self.checkpoint) for n in numbers]
        if len({e["source"] for e in self.events}) > 1:
            raise Fails("the events are of several ledgers")
        self.people = People(files)
        for event in self.events:
            self.people.event(event)
        self.has_verifier = "verify.py" in files

    def report(self):
        yield "Log:  %s" % self.checkpoint.origin
        yield "Size: %d events were signed together, root %s" % (self.checkpoint.size, base64.b64encode(self.checkpoint.root).decode())
        yield "Signed by the log:          %s" % self.policy.log.vkey
        for key in self.policy.witnesses:
            when = self.checkpoint.signers.get(key.vkey)
            if when is None:
                yield "NOT cosigned by the witness: %s" % key.vkey
            else:
                at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=when)
                yield "Cosigned by the witness:    %s, %s UTC" % (key.vkey, at.strftime("%Y-%m-%d %H:%M:%S"))
        yield ""
        yield "%d of these events are here, each proved to stand in the log at its place:" % len(self.events)
        for e in self.events:
            yield "  %6d  %s  %s, about %s, by %s for %s, holds from %s" % tuple([e["index"]] + [shown(e[name]) for name in (
                "time", "type", "subject", "actor", "onbehalfof", "effective")])
        if self.people.lines:
            yield ""
            yield "What people signed with their passkeys, as the events above made them known:"
            yield from self.people.lines


def shown(text):
    """The text, with nothing in it that a screen would follow."""
    return "".join(c if c.isprintable() else "?" for c in text)


def main():
    arguments = argparse.ArgumentParser(description="Checks a bundle of evidence from a Golden Thread ledger.")
    arguments.add_argument("bundle", help="the zip, or the folder into which it was unpacked")
    arguments.add_argument("--policy", help="file with the keys that you trust, instead of the bundle's own")
    chosen = arguments.parse_args()
    try:
        own = None
        if chosen.policy:
            with open(chosen.policy, "rb") as f:
                own = f.read(MOST["policy.txt"] + 1)
        checked = Checked(read_bundle(chosen.bundle), own)
    except Fails as e:
        print("THIS BUNDLE DOES NOT HOLD: %s." % shown(str(e)))
        return 1
    except (CannotCheck, OSError) as e:
        print("IT COULD NOT BE CHECKED: %s." % e)
        return 2
    for line in checked.report():
        print(line)
    print("")
    print("The events are in this log, unaltered, as it was signed.")
    if own is None:
        print("The keys above came with the bundle: compare them with those that you have from somebody else.")
    print("NOT PROVED: the words of page.html and README.txt, which are from whoever made the bundle.")
    if checked.has_verifier:
        print("NOT PROVED: the verify.py that came in the bundle. Do not run it.")
    if checked.people.not_proved:
        print("NOT EVERYTHING IS PROVED: whether people made the signatures named above can't be said. See GRAMMAR.md.")
        return 1
    print("EVERYTHING ELSE HOLDS.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

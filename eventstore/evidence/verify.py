#!/usr/bin/env python3
"""Checks a bundle of evidence from a Golden Thread ledger.

    python3 verify.py [BUNDLE] [--policy FILE]

BUNDLE is the folder or the zip; without it, the folder in which this file lies.
With --policy the keys are taken from FILE and not from the bundle. Exit status:
0 everything holds, 1 it does not, 2 it could not be checked.

It uses Python's standard library, and openssl for signatures. Formats:
c2sp.org/tlog-proof, tlog-checkpoint, signed-note, tlog-cosignature; RFC 6962; and,
for what people signed with their passkeys, W3C Web Authentication and RFC 9052.
"""
import argparse
import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile


class Fails(Exception):
    """The bundle does not hold."""


class CannotCheck(Exception):
    """Whether it holds can't be said here."""


def read_bundle(path):
    """All files of a folder or zip, by name."""
    files = {}
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                with open(full, "rb") as f:
                    files[os.path.relpath(full, path).replace(os.sep, "/")] = f.read()
        return files
    try:
        with zipfile.ZipFile(path) as z:
            for info in z.infolist():
                if info.filename in files:
                    raise Fails("%s is in the zip twice" % info.filename)
                files[info.filename] = z.read(info)
    except zipfile.BadZipFile as e:
        raise Fails("this is not a whole zip: %s" % e)
    return files


def text_of(data, what):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Fails("%s is not text" % what)


def base64_of(text, what):
    """Bytes of the one spelling in base64 that they have."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fails("%s is not base64" % what)
    if base64.b64encode(data).decode() != text:
        raise Fails("%s is not written as base64 is" % what)
    return data


def number_of(text, what):
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise Fails("%s is not a number" % what)
    return int(text)


# Sums: damage on the way.

def check_sums(files):
    if "SHA256SUMS" not in files:
        raise Fails("SHA256SUMS is missing")
    listed = {}
    for line in text_of(files["SHA256SUMS"], "SHA256SUMS").splitlines():
        m = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        if not m or m.group(2) in listed:
            raise Fails("SHA256SUMS has a line that is not one of its kind: %r" % line)
        listed[m.group(2)] = m.group(1)
    for name in sorted(set(listed) | set(files) - {"SHA256SUMS"}):
        if name not in files:
            raise Fails("%s is missing" % name)
        if name not in listed:
            raise Fails("%s does not belong to the bundle" % name)
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            raise Fails("%s was changed or damaged" % name)


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

class Key:
    """A key as c2sp.org/signed-note writes it: name+hash+base64."""

    def __init__(self, vkey, kind):
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise Fails("%r in the policy is not a key" % vkey)
        self.vkey, self.name = vkey, parts[0]
        data = base64_of(parts[2], "a key in the policy")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != parts[1]:
            raise Fails("the key of %s in the policy is damaged" % self.name)
        if len(data) != 33 or data[0] != kind:
            raise Fails("the key of %s in the policy is not of the kind that is needed" % self.name)
        self.kind, self.key = kind, data[1:]


LOG, WITNESS = 1, 4


class Policy:
    """Whose signatures a checkpoint needs."""

    def __init__(self, text):
        self.logs, self.parts, self.quorum, self.witnesses = [], {}, None, []
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "log" and len(words) >= 2:
                self.logs.append(Key(words[1], LOG))
            elif words[0] == "witness" and len(words) >= 3 and words[1] not in self.parts:
                key = Key(words[2], WITNESS)
                self.witnesses.append(key)
                self.parts[words[1]] = key
            elif words[0] == "group" and len(words) >= 4 and words[1] not in self.parts:
                self.parts[words[1]] = self.group(words[2], words[3:])
            elif words[0] == "quorum" and len(words) >= 2 and self.quorum is None:
                self.quorum = words[1]
            else:
                raise Fails("the policy has a line that can't be read: %r" % line)
        if not self.logs or self.quorum is None or (self.quorum != "none" and self.quorum not in self.parts):
            raise Fails("the policy does not say whose signatures are needed")

    def group(self, least, names):
        for name in names:
            if name not in self.parts:
                raise Fails("the policy names %r, which it does not know" % name)
        n = {"any": 1, "all": len(names)}.get(least)
        if n is None:
            n = number_of(least, "a number in the policy")
        if not 1 <= n <= len(names):
            raise Fails("the policy asks for %s of %d" % (least, len(names)))
        return n, [self.parts[name] for name in names]

    def met(self, part, signers):
        if isinstance(part, Key):
            return part.vkey in signers
        n, parts = part
        return sum(self.met(p, signers) for p in parts) >= n

    def check(self, origin, signers):
        for log in self.logs:
            if log.name != origin:
                raise Fails("the checkpoint is of the log %r, and the policy is for %r" % (origin, log.name))
            if log.vkey not in signers:
                raise Fails("the log has not signed the checkpoint")
        if self.quorum != "none" and not self.met(self.parts[self.quorum], signers):
            raise Fails("too few witnesses have cosigned the checkpoint")


# Checkpoints.

class Checkpoint:
    """A signed tree head (c2sp.org/tlog-checkpoint) that meets the policy."""

    def __init__(self, signed, policy):
        text = text_of(signed, "the checkpoint")
        self.text, found, signatures = text.rpartition("\n\n")
        self.text += "\n"
        lines = self.text.split("\n")
        if not found or len(lines) < 4 or "" in lines[:-1] or not signatures.endswith("\n"):
            raise Fails("the checkpoint is not one")
        self.origin, self.size = lines[0], number_of(lines[1], "the size of the checkpoint")
        self.root = base64_of(lines[2], "the root of the checkpoint")
        self.signers = {}  # vkey: when, if it says
        for line in signatures[:-1].split("\n"):
            self.signature(line, policy)
        policy.check(self.origin, self.signers)

    def signature(self, line, policy):
        m = re.fullmatch(r"— (\S+) (\S+)", line)
        if not m:
            raise Fails("the checkpoint has a line that is not a signature: %r" % line)
        data = base64_of(m.group(2), "a signature")
        for key in policy.logs + policy.witnesses:
            if key.name != m.group(1) or key.id != data[:4]:
                continue
            message, when = self.text.encode(), None
            if key.kind == WITNESS:
                when = int.from_bytes(data[4:12], "big")
                message = b"cosignature/v1\ntime %d\n" % when + message
            signature = data[4:] if key.kind == LOG else data[12:]
            if len(signature) != 64 or not signed_by(key.key, message, signature):
                raise Fails("the signature of %s on the checkpoint is wrong" % key.name)
            self.signers[key.vkey] = when


# Proofs (RFC 6962, section 2.1.1; checked as RFC 9162, section 2.1.3.2 says).

def read_proof(data):
    """Index, hashes and checkpoint of a c2sp.org/tlog-proof@v1."""
    head, found, checkpoint = data.partition(b"\n\n")
    lines = text_of(head, "a proof").split("\n")
    if not found or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Fails("a proof is not one")
    if lines and lines[0].startswith("extra "):
        raise Fails("a proof carries more than it should")
    if not lines or not lines[0].startswith("index "):
        raise Fails("a proof does not say of which event")
    hashes = [base64_of(line, "a hash in a proof") for line in lines[1:]]
    return number_of(lines[0][6:], "the index in a proof"), hashes, checkpoint


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


def check_event(name, files, checkpoint):
    """The event, proved to stand in the tree of the checkpoint at its index."""
    number = re.fullmatch(r"events/([0-9]{8,})\.json", name)
    proof_name = "proofs/%s.tlog-proof" % number.group(1)
    if proof_name not in files:
        raise Fails("%s has no proof" % name)
    index, hashes, proved = read_proof(files[proof_name])
    if proved != files["checkpoint"]:
        raise Fails("%s ends in another checkpoint than the bundle's" % proof_name)
    if root_of(files[name], index, checkpoint.size, hashes) != checkpoint.root:
        raise Fails("%s is not in the log at %d as it stands here" % (name, index))
    try:
        event = json.loads(files[name].decode("utf-8"))
    except ValueError:
        raise Fails("%s is not JSON" % name)
    if event.get("index") != index or index != int(number.group(1)):
        raise Fails("%s says that it is another event" % name)
    return event


# What people signed with their passkeys (W3C Web Authentication, level 3, 7.2).
# A bundle is a part of a ledger: that a key was not removed meanwhile, or that
# there were no newer words, can't be seen in it. What is here must hold together.

def json_of(data, what):
    """JSON in which no name is given twice."""
    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Fails("%s gives a name twice" % what)
        return dict(pairs)

    def never(word):
        raise Fails("%s is not JSON" % what)
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=never)
    except ValueError:
        raise Fails("%s is not JSON" % what)


def cbor_item(data, at=0, depth=0):
    """One item of CBOR (RFC 8949) of definite length, and where it ends."""
    def need(n):
        if at + n > len(data):
            raise Fails("a passkey's data break off")
    if depth > 4:
        raise Fails("a passkey's data are too deep")
    need(1)
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        if info > 27 or major == 7 and info > 24:
            raise Fails("a passkey's data are not of the kind that is read here")
        need(1 << info - 24)
        size, at = int.from_bytes(data[at:at + (1 << info - 24)], "big"), at + (1 << info - 24)
    else:
        size = info
    if major == 0:
        return size, at
    if major == 1:
        return -1 - size, at
    if major in (2, 3):
        need(size)
        raw = data[at:at + size]
        return (raw if major == 2 else text_of(raw, "a passkey's data")), at + size
    if major == 4:
        items = []
        for _ in range(size):
            item, at = cbor_item(data, at, depth + 1)
            items.append(item)
        return items, at
    if major == 5:
        items = {}
        for _ in range(size):
            name, at = cbor_item(data, at, depth + 1)
            if not isinstance(name, (int, str)) or name in items:
                raise Fails("a passkey's data give a name twice")
            items[name], at = cbor_item(data, at, depth + 1)
        return items, at
    if major == 7 and size in (20, 21, 22):
        return {20: False, 21: True, 22: None}[size], at
    raise Fails("a passkey's data are not of the kind that is read here")


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([128 + (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + body


EC_KEY, RSA_KEY = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06092a864886f70d0101010500")
CURVES = {1: ("06082a8648ce3d030107", 32), 2: ("06052b81040022", 48), 3: ("06052b81040023", 66)}
ALGORITHMS = {  # RFC 9053, RFC 8812: kind of key, hash, PSS
    -7: (2, "sha256", False), -35: (2, "sha384", False), -36: (2, "sha512", False), -8: (1, None, False),
    -257: (3, "sha256", False), -258: (3, "sha384", False), -259: (3, "sha512", False),
    -37: (3, "sha256", True), -38: (3, "sha384", True), -39: (3, "sha512", True)}


def passkey_verifies(cose, message, signature):
    """Whether the key (COSE_Key, RFC 9052) made the signature."""
    key, end = cbor_item(cose)
    if not isinstance(key, dict) or end != len(cose):
        raise Fails("a public key can't be read")
    kind, digest, pss = ALGORITHMS.get(key.get(3), (None, None, None))
    if kind is None or kind != key.get(1):
        raise CannotCheck("a passkey is of a kind that is not known here")
    options = ["-digest", digest] if digest else []
    x, y = key.get(-2), key.get(-3)
    if kind == 1 and key.get(-1) == 6 and isinstance(x, bytes) and len(x) == 32:
        public_key = PUBLIC_KEY_PREFIX + x
    elif kind == 2 and key.get(-1) in CURVES and isinstance(x, bytes) and isinstance(y, bytes):
        curve, size = CURVES[key[-1]]
        if len(x) > size or len(y) > size:
            raise Fails("a public key can't be read")
        public_key = der(0x30, der(0x30, EC_KEY, bytes.fromhex(curve)), der(3, b"\0\4" + x.rjust(size, b"\0") + y.rjust(size, b"\0")))
    elif kind == 3 and isinstance(key.get(-1), bytes) and isinstance(x, bytes):
        numbers = [der(2, b"\0" + n.lstrip(b"\0") if n.lstrip(b"\0")[:1] >= b"\x80" else n.lstrip(b"\0")) for n in (key[-1], x)]
        public_key = der(0x30, der(0x30, RSA_KEY), der(3, b"\0" + der(0x30, *numbers)))
        if pss:
            options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    else:
        raise Fails("a public key can't be read")
    return openssl_verifies(public_key, message, signature, options)


STATEMENT = ["form", "group", "command", "proposal", "version", "objection", "confirms", "seat", "person", "needNotWait", "reason",
             "interest", "grade", "why", "wouldResolve", "how", "words", "exact", "known", "nonce"]
ALWAYS = {"form", "group", "command", "proposal", "seat", "person", "exact", "known", "nonce"}
NUMBERS = {"version", "confirms", "known"}


def read_statement(text):
    """A statement, if it is written in the one way in which it can be."""
    st = json_of(text.encode("utf-8", "surrogatepass"), "a statement")
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
    if list(exact) != ["event", "sha256"] or type(exact["event"]) is not int or type(exact["sha256"]) is not str:
        raise wrong
    again = json.dumps(st, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if again != text:
        raise wrong
    return st


def said(event, kind, data):
    """What the event says, in the members of the command with which it was said."""
    names = {"position.taken": ["proposal", "version", "seat", "person", "needNotWait", "reason", "interest"],
             "position.confirmed": ["proposal", "version", "seat", "person"],
             "objection.raised": ["proposal", "version", "seat", "person", "grade", "why", "wouldResolve"],
             "objection.resolved": ["proposal", "objection", "person", "how", "words"]}[kind]
    s = {n: data[n] for n in names if data.get(n)}
    if kind == "position.taken":
        s["command"] = "" if data.get("heard") else {"consent": "consent", "stand-aside": "stand-aside"}.get(data.get("stand"), "")
    elif kind == "position.confirmed":
        s["command"], s["confirms"] = "confirm-position", event.get("cause", event["index"])
    elif kind == "objection.raised":
        s["command"] = "object"
    else:
        s["command"] = "resolve-objection"
        seat = str(event.get("onbehalfof"))
        s["seat"] = seat[5:] if seat.startswith("seat/") else ""
    for name in ("command", "proposal", "seat", "person"):
        s.setdefault(name, "")
    return {n: v for n, v in s.items() if v or n in ALWAYS}


SIGNED = {"goldenthread.%s.v1" % kind: kind for kind in ("position.taken", "position.confirmed", "objection.raised", "objection.resolved")}


def belongs(origin, party):
    """Whether a passkey for the party may be used on pages of the origin."""
    m = re.fullmatch(r"(https?)://([^/?#@\\\s:]+)(:[0-9]+)?(/[^\s]*)?", origin)
    if not m:
        return False
    scheme, host = m.group(1), m.group(2)
    here = host == "localhost" or host.endswith(".localhost")
    return (host == party or host.endswith("." + party)) and (scheme == "https" or here)


def check_assertion(signature, key):
    """That the passkey made this assertion about the statement; from which page."""
    client_json = base64_of(signature["clientDataJSON"], "what a browser said")
    device = base64_of(signature["authenticatorData"], "what a device said")
    client, party = json_of(client_json, "what a browser said"), key["relyingParty"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(signature["statement"].encode()).digest()).decode().rstrip("=")
    if not isinstance(client, dict) or client.get("type") != "webauthn.get":
        raise Fails("what was signed is not an assertion")
    if client.get("challenge") != challenge:
        raise Fails("it is a signature of another statement")
    if client.get("crossOrigin") not in (None, False) or not isinstance(client.get("origin"), str) or not belongs(client["origin"], party):
        raise Fails("it was signed on a page to which the passkey does not belong")
    at = 37
    if len(device) < at or device[:32] != hashlib.sha256(party.encode()).digest() or device[32] & 5 != 5:
        raise Fails("the device was not for %s, or its owner was not there" % party)
    if device[32] & 0x40:
        if len(device) < at + 18:
            raise Fails("what a device said breaks off")
        _, at = cbor_item(device, at + 18 + int.from_bytes(device[at + 16:at + 18], "big"))
    if device[32] & 0x80:
        _, at = cbor_item(device, at)
    if at != len(device):
        raise Fails("what a device said has more than it should")
    message = device + hashlib.sha256(client_json).digest()
    if not passkey_verifies(base64_of(key["publicKey"], "a public key"), message, base64_of(signature["signature"], "a signature")):
        raise Fails("the key did not make this signature")
    return client["origin"]


class People:
    """Checks what people signed among the events, in order."""

    def __init__(self, files):
        self.files, self.keys, self.words, self.nonces, self.lines = files, {}, {}, {}, []

    def event(self, name, e):
        kind, data = e.get("type"), e.get("data")
        try:
            if kind == "goldenthread.passkey.registered.v1":
                if e["actor"] == "person/" + data["person"]:
                    self.keys[data["credential"]] = (e["index"], data)
            elif kind == "goldenthread.passkey.removed.v1":
                self.keys.pop(data["credential"], None)
            elif kind in ("goldenthread.proposal.raised.v1", "goldenthread.proposal.amended.v1"):
                self.words[e["index"]] = (data["proposal"], data.get("version", 1) if "amended" in kind else 1,
                                          hashlib.sha256(self.files[name]).hexdigest())
            elif kind in SIGNED and data.get("signature") is not None:
                self.signed(e, data, data["signature"])
        except Fails as why:
            raise Fails("event %d: %s" % (e["index"], why))
        except (KeyError, TypeError, AttributeError):
            raise Fails("event %d: what it says can't be read" % e["index"])

    def signed(self, e, data, signature):
        st = read_statement(signature["statement"])
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
        registered = self.keys.get(signature["credential"])
        if not registered:
            self.lines.append("  NOT CHECKED: the signature in event %d; its passkey is not in this bundle" % e["index"])
            return
        if registered[1]["person"] != st["person"]:
            raise Fails("it is signed with somebody else's passkey")
        origin = check_assertion(signature, registered[1])
        if words:
            self.lines.append("  %6d  signed with the passkey that event %d made known, at %s" % (e["index"], registered[0], origin))
        else:
            self.lines.append("  NOT CHECKED: the words that were signed in event %d are not in this bundle" % e["index"])


def check(files, policy_text):
    """All checks; what was found, in lines."""
    check_sums(files)
    for name in ("checkpoint", "policy.txt", "page.html", "README.txt", "verify.py"):
        if name not in files:
            raise Fails("%s is missing" % name)
    policy = Policy(policy_text if policy_text is not None else text_of(files["policy.txt"], "the policy"))
    checkpoint = Checkpoint(files["checkpoint"], policy)
    names = sorted(n for n in files if re.fullmatch(r"events/[0-9]{8,}\.json", n))
    if not names:
        raise Fails("there is no event in the bundle")
    belongs = set(names) | {"proofs/%s.tlog-proof" % n[7:-5] for n in names} | {
        "checkpoint", "policy.txt", "page.html", "README.txt", "verify.py", "SHA256SUMS"}
    for name in files:
        if name not in belongs:
            raise Fails("%s does not belong to a bundle" % name)
    names.sort(key=lambda name: int(name[7:-5]))
    events = [check_event(name, files, checkpoint) for name in names]
    people = People(files)
    for name, event in zip(names, events):
        people.event(name, event)
    return list(report(policy, checkpoint, events, people.lines))


def report(policy, checkpoint, events, signed):
    yield "Log:  %s" % checkpoint.origin
    yield "Size: %d events were signed together, root %s" % (checkpoint.size, base64.b64encode(checkpoint.root).decode())
    for key in policy.logs:
        yield "Signed by the log:          %s" % key.vkey
    for key in policy.witnesses:
        when = checkpoint.signers.get(key.vkey)
        if when is None:
            yield "NOT cosigned by the witness: %s" % key.vkey
        else:
            at = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
            yield "Cosigned by the witness:    %s, %s" % (key.vkey, at)
    yield ""
    yield "%d of these events are here, each proved to stand in the log at its place:" % len(events)
    for e in events:
        yield "  %6d  %s  %s, about %s, by %s for %s, holds from %s" % (
            e["index"], e.get("time"), e.get("type"), e.get("subject"), e.get("actor"), e.get("onbehalfof"), e.get("effective"))
    if signed:
        yield ""
        yield "What people signed with their passkeys, as the events above made them known:"
        yield from signed


def main():
    arguments = argparse.ArgumentParser(description="Checks a bundle of evidence from a Golden Thread ledger.")
    arguments.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    arguments.add_argument("--policy", help="file with the keys that you trust, instead of the bundle's own")
    chosen = arguments.parse_args()
    try:
        own = None
        if chosen.policy:
            with open(chosen.policy, "rb") as f:
                own = text_of(f.read(), "your policy")
        for line in check(read_bundle(chosen.bundle), own):
            print(line)
    except Fails as e:
        print("THIS BUNDLE DOES NOT HOLD: %s." % e)
        return 1
    except (CannotCheck, OSError) as e:
        print("IT COULD NOT BE CHECKED: %s." % e)
        return 2
    print("")
    print("EVERYTHING HOLDS. The events are in this log, unaltered, as it was signed.")
    if own is None:
        print("The keys above came with the bundle: compare them with those that you have from somebody else.")
    print("The words of page.html are not proved: they were written from the events by whoever made the bundle.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

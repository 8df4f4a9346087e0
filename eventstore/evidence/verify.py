#!/usr/bin/env python3
"""Checks a bundle of evidence from a Golden Thread ledger.

    python3 verify.py [BUNDLE] [--policy FILE]

BUNDLE is the folder or the zip; without it, the folder in which this file lies.
With --policy the keys are taken from FILE and not from the bundle. Exit status:
0 everything holds, 1 it does not, 2 it could not be checked.

It uses Python's standard library, and openssl for Ed25519 signatures. Formats:
c2sp.org/tlog-proof, tlog-checkpoint, signed-note, tlog-cosignature; RFC 6962.
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


# Ed25519, by openssl.

PUBLIC_KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")  # RFC 8410
verified = {}


def signed_by(key, message, signature):
    known = (key, message, signature)
    if known not in verified:
        verified[known] = openssl_verifies(key, message, signature)
    return verified[known]


def openssl_verifies(key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        def put(name, data):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
            return os.path.join(folder, name)

        pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(PUBLIC_KEY_PREFIX + key) + b"\n-----END PUBLIC KEY-----\n"
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", put("key.pem", pem),
                   "-in", put("message", message), "-sigfile", put("signature", signature)]
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
    events = [check_event(name, files, checkpoint) for name in names]
    return list(report(policy, checkpoint, events))


def report(policy, checkpoint, events):
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

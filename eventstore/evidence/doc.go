// Package evidence packs an answer with its proof, for somebody who trusts
// neither the server nor whoever runs it. A bundle is a zip of plain files in
// standard formats: the exact bytes of events, an inclusion proof of each
// (c2sp.org/tlog-proof@v1) with a checkpoint that the log has signed and witnesses
// have cosigned, the policy that says whose signatures are needed, and a page to
// read. FORMAT.md says what a bundle may hold, with bounds for everything.
//
// There are two verifiers: VerifyZip and VerifyFolder here, and verify.py, which needs
// Python and openssl and nothing of ours. They give the same answer to any bundle;
// differential_test.go asks both. verify.py never comes in a bundle, since whoever does
// not trust the one can't run the other: it is handed out apart, with its SHA-256.
//
// What is proved is that the events are in the log at their index, and that the
// log and the witnesses have signed it. The page is written by whoever made the
// bundle, and both verifiers say that it is not proved. A bundle carries the keys that it is to be
// verified under; whoever has these keys from elsewhere gives their own policy.
//
// Start reading in FORMAT.md, then bundle.go, files.go and verify.go. It imports
// signature, witness and domain.
package evidence

// Package evidence packs an answer with its proof, for somebody who trusts
// neither the server nor whoever runs it. A bundle is a zip of plain files in
// standard formats: the exact bytes of events, an inclusion proof of each
// (c2sp.org/tlog-proof@v1) with a checkpoint that the log has signed and witnesses
// have cosigned, the policy that says whose signatures are needed, a page to
// read, and a verifier that needs Python and openssl and nothing of ours.
//
// What is proved is that the events are in the log at their index, and that the
// log and the witnesses have signed it. The page is written by whoever made the
// bundle: it is held against the proved events where that can be done, and is
// otherwise theirs to answer for. A bundle carries the keys that it is to be
// verified under; whoever has these keys from elsewhere gives their own policy.
package evidence

// Package model is a second, naive implementation of the rules, for tests only.
// Random histories are told to it and to package domain, and both answer the
// same questions: who stands behind the group (M1 to M4, O1, O2), what the check
// says (R1 to R3, R7), how exercises and commitments stand (D3 to D8, C8, R4),
// and which proposals are agreed or lapse on which day (C5, C6, C13). Where the
// two differ, the rule book decides who is wrong.
//
// The model was written from the rule book (domain/RULES.md, and the documents
// that it was made from), from the worked example's story, and from the exported
// declarations of package domain: the payloads of events, which are the storage
// format, the commands, and the questions with their doc comments. No function
// body of package domain was read for it, nor what its minutes record. Keep it
// so: whoever changes the model reads the rule book and not the code.
//
// It takes a list of events and keeps nothing: each answer goes through the
// whole list again. It is to be plain, not fast.
package model

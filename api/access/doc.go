// Package access is what a known caller may read and record: the questions about
// a group, each for the day that is asked about and as it was known then (rule
// L4), who may see what (rules F3, F6), the check (R3), the audit trail, and the
// recording of a command in somebody's name.
//
// It decides nothing by itself: it asks domain and projections. It may import
// problem, caller and operation. Start reading at Ledgers.See and Ledgers.Record.
package access

// Package recovery has what operators do to a data folder whose server is stopped: it
// brings in a ledger that was exported elsewhere, writes a damaged stream anew, and
// checks the lines of an export.
//
// It imports the store and every room below it. Start with Import and Repair.
package recovery

// Package doctor looks at an installation and says what needs doing: one list of checks,
// for the command line, for JSON, and for an operator's page. It mends nothing that a start
// of the server would not mend.
//
// Start with Examine (doctor.go); the checks are in the table there.
package doctor

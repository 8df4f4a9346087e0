// Package setup is how a server and a group begin, in the browser: the operator's pages,
// what this server is, and the task list by which a group is set up and founded.
//
// The operator of a server is nobody of a group. These pages found a group as JSON
// does, through access.Ledgers.Record, and know no rule: what a group lacks is asked of
// domain. Start reading at Patterns, then Draft.
//
// It may import problem, caller, operation, guard, access, identity and pages, besides doctor, version, lists, mail and web.
package setup

// Package keys has the keys of people, under which their personal data is sealed, and
// destroys those of people who are erased (rule L7).
//
// It imports stream, commit and domain. Start with SealPersonal (keys.go); what an
// erasure does step by step is said at the top of erasure.go.
package keys

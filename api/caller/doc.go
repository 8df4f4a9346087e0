// Package caller is who asks: the person or program that a token, a session or
// the key of a feed stands for, and what that may be used for. It travels in the
// request's context; package identity finds it out.
//
// It may import problem. Start reading at Caller, then Of.
package caller

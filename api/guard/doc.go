// Package guard keeps strangers out before anything is asked: headers that tell
// browsers what a page may do, requests that another site had a browser send,
// addresses that are no plain text, limits on how much one may ask, and TLS.
//
// It may import problem and caller. Start reading at Guard.
package guard

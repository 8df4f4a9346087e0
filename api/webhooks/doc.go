// Package webhooks tells a channel of an operator's, such as one in Teams, that something
// was recorded in a group. Destinations come from the operator's settings alone.
//
// What leaves is chosen by an allow-list (said): that something numbered was agreed, put,
// decided or moved, and the address of its page, where people sign in. No title, no words,
// no sum and nobody's name or office leave; of what the charter keeps to members nothing
// does, nor of a group that is not established.
//
// A message is signed (Standard Webhooks), sent in order and at least once, with the same
// id each time, later and later, and after mostTries given up. It may import web. Start
// reading at Hooks.Round.
package webhooks

// Package storetest has what tests of several rooms of the store share: requests of a
// small group, and an event of every kind with every field set. It imports domain
// only. Start with Found.
package storetest

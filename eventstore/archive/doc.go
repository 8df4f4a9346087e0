// Package archive has the format of a backup: a tar archive with the files of the
// streams, with the credentials of people under a key that is kept apart, and with a
// manifest at its end.
//
// It imports keys, for sealing. Start with Write and Unpack.
package archive

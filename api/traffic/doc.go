// Package traffic counts the requests that a server answers, for Prometheus, and
// writes the access log where the operator wants one. Both name a request by the
// route that answers it: what people put into an address, such as the code of an
// invitation or the name of a group, is in neither.
//
// It imports no other room. Start reading at Traffic.
package traffic

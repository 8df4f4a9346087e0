// Package operation is how the server's operations are described, registered and
// answered: what they take and give as OpenAPI and JSON Schema, the strict reading
// of a body, and answers with an entity tag that go out in one piece.
//
// It may import problem and caller. Start reading at Register.
package operation

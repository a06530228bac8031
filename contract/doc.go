// Package contract holds the SDK and the sandbox against api/openapi.yaml. It
// is all tests:
//
//	go test ./...
//
// Each method of the SDK is called with all of its parameters and with as few
// as it takes, over a transport in memory that judges the request by the
// document and answers with an example made from the document. The same
// judge then listens to the SDK speaking to the sandbox.
//
// The document is taken for closed: a property, parameter or header that it
// does not know is a violation, in requests and in answers. OpenAPI alone
// would let a misspelt one pass. Three rules come on top, which the document
// has only in words: times are in UTC, request_id is the X-Request-Id, and
// the headers of an answer are all there.
//
// What the tests counted is shown by go test -v.
//
// It is a module of its own, so that the SDK does not depend on the validator.
package contract

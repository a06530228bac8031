// Package fire has only tests: those of the SDK under load and failure that
// need more than the standard library.
//
// The chaos test sends messages over every kind of transport, with and without
// keys, to servers that reset, cut, garble, delay or refuse before, during and
// after processing. The servers count how often they processed each message,
// and what the SDK reports must agree: nothing is processed twice, no success is
// without delivery, and MaybeSent is never false of what was delivered. It also
// fails when a fault or a transport was not reached. The flags -chaos.messages
// and -chaos.seed say how many messages there are and what happens to each.
package fire

// Package check has only tests: those that keep the manual true.
//
// Every Go block of every Markdown file is type-checked against the module that
// the file is in. A block that begins with a package clause is a file of its
// own. Any other is a fragment: declarations, or the body of a function that
// returns an error. A fragment need not import anything and may use these names
// without declaring them:
//
//	ctx      context.Context
//	client   *kirim.Client
//	number   *kirim.PhoneNumber
//	messages *kirim.MessagesService
//	message  kirim.OutboundMessage
//	err      error
//
// What else it uses is declared in a comment right before the block, which
// readers do not see:
//
//	<!-- go: var queue chan<- string -->
//
// A page whose blocks need packages of a nested module names one that has them all:
//
//	<!-- module: examples/orders -->
//
// Links, anchors, pictures and paths have to exist, and so has whatever a command
// names. Exported names have to be documented. Words for which the field has a
// term may only become fewer: words.txt says how many each file has.
package check

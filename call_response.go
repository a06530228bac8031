package kirim

import "net/http"

// Response is what HTTP said about a call; ask for it with [WithResponse].
// Like the error of the same call, it describes the last attempt.
type Response struct {
	StatusCode int         // 0 when there was no response
	Header     http.Header // of the response; nil when there was none
	RequestID  string      // the server's id of the request, for its support
	RateLimit  RateLimit   // zero when the response did not say
	// Replayed says that the server replayed a stored response: an earlier request with
	// this key had done the work.
	Replayed bool
	// IdempotencyKey is the key that the request carried; empty when it carried none.
	IdempotencyKey string
	Attempts       int // requests made, those of First included
	// First is the response to the message itself, when [MessagesService.SendOrTemplate]
	// sent the template after it.
	First *Response
}

package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/kirim-go/kirim"
)

// The exit codes of the program.
const (
	ExitOK          = 0
	ExitFailed      = 1   // another failure, such as a read that the server or the network failed
	ExitUsage       = 2   // the command, a file or the message is wrong; nothing was sent
	ExitNotSent     = 3   // the server refused the request, or it never left; nothing was sent
	ExitInDoubt     = 4   // the message may have been sent
	ExitRateLimited = 5   // too many requests; nothing was sent
	ExitAuth        = 6   // no API key, or one that the server does not take
	ExitNotFound    = 7   // the server has no such thing
	ExitCheck       = 8   // a check found something wrong
	ExitInterrupted = 130 // stopped by a signal; nothing was sent
)

// ExitCodes is the table of the exit codes, for the help.
const ExitCodes = `Exit codes:
  0    done
  1    failed for another reason than those below; nothing was sent
  2    wrong usage: the command, a file or the message; nothing was sent
  3    refused by the server, or never left; nothing was sent
  4    in doubt: the message may have been sent
  5    rate limited; nothing was sent
  6    no API key, or the server does not accept it
  7    not found
  8    a check found something wrong
  130  interrupted; nothing was sent`

// Failure is an error with an exit code of its own.
type Failure struct {
	Code int
	Err  error
	Hint string // what to do; may be empty
	// Accepted says that the server has accepted the message all the same.
	Accepted bool
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Usagef returns an error of wrong usage.
func Usagef(format string, args ...any) error {
	return &Failure{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// WithHint adds what to do to an error.
func WithHint(err error, format string, args ...any) error {
	return &Failure{Code: exitCode(err), Err: err, Hint: fmt.Sprintf(format, args...)}
}

// exitCode returns the code of an error.
func exitCode(err error) int {
	var failure *Failure
	var invalid *kirim.ValidationError
	var transport *kirim.TransportError
	var response *kirim.Error
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &failure):
		return failure.Code
	case kirim.MaybeSent(err):
		return ExitInDoubt
	case kirim.IsRateLimited(err):
		return ExitRateLimited
	case kirim.IsAuthentication(err), kirim.IsPermission(err):
		return ExitAuth
	case kirim.IsNotFound(err):
		return ExitNotFound
	case errors.As(err, &invalid), errors.Is(err, errors.ErrUnsupported):
		return ExitUsage
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, kirim.KindInvalidRequest) && errors.As(err, &response) && !isWrite(response.Method):
		return ExitUsage
	case errors.As(err, &transport) && isWrite(transport.Method), errors.As(err, &response) && isWrite(response.Method):
		return ExitNotSent
	}
	return ExitFailed
}

func isWrite(method string) bool { return method != "GET" && method != "HEAD" }

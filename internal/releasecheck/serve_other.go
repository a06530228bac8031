//go:build !unix

package main

import (
	"context"
	"errors"
)

func serve(context.Context, string, []string, string, string, ...string) error {
	return errors.New("a program that serves can only be checked on Unix: it is interrupted by a signal")
}

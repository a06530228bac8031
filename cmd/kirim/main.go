// Command kirim is the command line of the Kirim WhatsApp API: it sends and
// previews messages, lists what an account has, checks templates, makes and
// checks webhook deliveries, and says what is wrong with a setup.
//
// The commands are made with cobra rather than kong: cobra writes the
// completion of bash, zsh, fish and PowerShell itself, asks a program for the
// values of a flag while a person types, and lets another package of this
// module add its commands to the tree. With kong both would be code of our own.
package main

import (
	"context"
	"os"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), app.New(), os.Args[1:])) //nolint:forbidigo // it is the program
}

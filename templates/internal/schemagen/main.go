// Schemagen writes the JSON Schema of template files from the Go types that they are
// read into.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schemagen FILE.go SCHEMA.json")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func write(source, out string) error {
	text, err := generate(source)
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}

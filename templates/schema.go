package templates

import (
	_ "embed"
	"slices"
)

//go:generate go run ./internal/schemagen file.go schema.json

// SchemaURL is the ID of [Schema]. Nothing has to be there.
const SchemaURL = "https://github.com/kirim-go/kirim/templates/schema.json"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a file, for editors and other tools. It
// has the names and the shapes of all members and the limits of single values; what
// depends on several values is for Lint. A file in YAML names it in its first line,
// where editors look for it:
//
//	# yaml-language-server: $schema=.schema.json
//
// For files in JSON it is a setting of the editor. [Read] skips the file of the schema if
// its name begins with a dot.
func Schema() []byte { return slices.Clone(schema) }

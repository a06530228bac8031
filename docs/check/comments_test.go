package check

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// givenInComments is what code in doc comments uses besides what is given to
// all fragments.
const givenInComments = `
var (
	event       *kirim.Event
	request     *flows.Request
	apiKey, key string
	orderUpdate kirim.OutboundMessage
	queue       interface{ Put(ctx context.Context, from, text string) error }
	shop        interface{ ConfirmOrder(ctx context.Context, client *kirim.Client, phoneNumberID string) error }
	sandbox     *kirimtest.Server
	hooks       *kirim.WebhookHandler
	t           *testing.T
)
`

// codeIn returns the code of the doc comments of a file.
func codeIn(t *testing.T, file, text string) (blocks []block) {
	t.Helper()
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := []*ast.CommentGroup{parsed.Doc}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			docs = append(docs, d.Doc)
		case *ast.GenDecl:
			docs = append(docs, d.Doc)
		case *ast.TypeSpec:
			docs = append(docs, d.Doc)
		case *ast.Field:
			docs = append(docs, d.Doc)
		}
		return true
	})
	for _, group := range docs {
		if group == nil {
			continue
		}
		var p comment.Parser
		for _, part := range p.Parse(group.Text()).Content {
			// Tables and output are code for go/doc, too.
			if c, ok := part.(*comment.Code); ok && (strings.Contains(c.Text, ":=") || strings.Contains(c.Text, "func ")) {
				blocks = append(blocks, block{file, fset.Position(group.Pos()).Line, "go", givenInComments, c.Text})
			}
		}
	}
	return blocks
}

func TestCodeInDocCommentsCompiles(t *testing.T) {
	t.Parallel()
	var blocks []block
	walk(t, ".go", func(file, text string) {
		if !strings.HasSuffix(file, "_test.go") && moduleOf(file) == moduleOf("doc.go") {
			blocks = append(blocks, codeIn(t, file, text)...)
		}
	})
	if len(blocks) < 5 {
		t.Errorf("only %d blocks of code", len(blocks))
	}
	for _, err := range compile(root, blocks) {
		t.Errorf("in the comment that begins near this line: %v", err)
	}
	t.Logf("%d blocks of code", len(blocks))
}

package templates

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// merge returns the text of a file, changed so that it says what f says. Where the
// lines that differ cannot be changed alone, the whole text is written again. In either case
// the result is read again: it must say what f says and have all comments.
func merge(old, f *File) ([]byte, error) {
	text, restore := plainText(old.content)
	source, err := Parse(old.path, text)
	if err != nil {
		return nil, err // it was read before
	}
	comments := newLayout(text, source.root).commentsIn(0, len(text))
	wanted := f.tree()
	result, err := spliced(source, wanted)
	if err == nil {
		err = confirm(result, f, comments)
	}
	if err != nil {
		result = rewritten(source, f)
		err = confirm(result, f, comments)
	}
	if err != nil {
		return nil, fmt.Errorf("templates: %s cannot be changed: %w", old.path, err)
	}
	return restore(result), nil
}

// plainText returns a text whose lines end in line feeds, without a byte order mark,
// and what makes it again what it was.
func plainText(text []byte) (plain []byte, restore func([]byte) []byte) {
	mark := []byte("\ufeff")
	plain, hasMark := bytes.CutPrefix(text, mark)
	hasReturns := bytes.Contains(plain, []byte("\r\n"))
	plain = bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n"))
	if len(plain) > 0 && plain[len(plain)-1] != '\n' {
		plain = append(slices.Clip(plain), '\n')
	}
	return plain, func(text []byte) []byte {
		if hasReturns {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		}
		if hasMark {
			text = append(slices.Clip(mark), text...)
		}
		return text
	}
}

// confirm checks that a text says what a file says, and has the comments.
func confirm(text []byte, f *File, comments []string) error {
	again, err := Parse(f.path, text)
	if err != nil {
		return err
	}
	if !bytes.Equal(again.YAML(), f.YAML()) {
		return fmt.Errorf("the text would not say what the account has")
	}
	kept := newLayout(text, again.root).commentsIn(0, len(text))
	for _, comment := range comments {
		i := slices.Index(kept, comment)
		if i < 0 && comment != markComment {
			return fmt.Errorf("a comment of %d characters would be lost", len(comment))
		}
		if i >= 0 {
			kept = slices.Delete(kept, i, i+1)
		}
	}
	return nil
}

// rewritten returns a file in its canonical form with the comments of a text, each
// above what it was above or beside of.
func rewritten(source, f *File) []byte {
	if isJSON(source.path) {
		return f.JSON()
	}
	text, wanted := newLayout(source.content, source.root), f.tree()
	for _, c := range text.comments {
		comment := text.commentsIn(c.start, c.start+1)[0]
		isBeside := len(bytes.TrimSpace(text.text[text.lineStart(c.start):c.start])) > 0
		owner := ownerOf(source.root, wanted, text.lineOf(c.start)+1, isBeside)
		if comment != markComment {
			owner.HeadComment += comment + "\n"
		}
	}
	return appendBlock(nil, wanted, 0)
}

// ownerOf returns the key or the item of a tree that a comment belongs to, by its line:
// the last one that begins there, or the first one below a comment on a line of its own.
func ownerOf(root, tree *yaml.Node, line int, isBeside bool) *yaml.Node {
	owner := tree.Content[0]
	best := 0
	var visit func(n, counterpart, around *yaml.Node)
	consider := func(at int, candidate *yaml.Node) {
		if isBeside && at <= line && at >= best || !isBeside && at > line && (best == 0 || at < best) {
			best, owner = at, candidate
		}
	}
	visit = func(n, counterpart, around *yaml.Node) {
		if counterpart != nil && (isInline(short(counterpart)) || isLiteral(short(counterpart))) {
			counterpart = nil // no comment can be in it
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				at, value := around, memberOf(counterpart, n.Content[i].Value)
				if value != nil {
					at = keyOf(counterpart, n.Content[i].Value)
				}
				consider(n.Content[i].Line, at)
				visit(n.Content[i+1], value, at)
			}
		case yaml.SequenceNode:
			for i, item := range n.Content {
				at := around
				var value *yaml.Node
				if counterpart != nil && counterpart.Kind == yaml.SequenceNode && i < len(counterpart.Content) {
					value = counterpart.Content[i]
					at = value
				}
				consider(item.Line, at)
				visit(item, value, at)
			}
		default: // nothing is in it
		}
	}
	visit(root, tree, owner)
	return owner
}

func keyOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i]
		}
	}
	return nil
}

package templates

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// mediaRule is what a header of media may hold. A MB is taken as 1,048,576 bytes.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// and, for what an upload of a sample takes, https://developers.facebook.com/docs/graph-api/guides/upload
type mediaRule struct {
	megabytes int64
	types     []string
}

var mediaRules = map[string]mediaRule{
	"IMAGE":    {5, []string{"image/jpeg", "image/png"}},
	"VIDEO":    {16, []string{"video/mp4"}},
	"DOCUMENT": {100, []string{"application/pdf"}},
}

// check returns the type of a sample by its first bytes, or why it cannot be one. size is
// negative when it is not known.
func (r mediaRule) check(start []byte, size int64) (mimeType string, err error) {
	if size == 0 {
		return "", errors.New("it is empty")
	}
	if size > r.megabytes<<20 {
		return "", fmt.Errorf("want at most %d MB, got %d bytes", r.megabytes, size)
	}
	mimeType = http.DetectContentType(start)
	if !slices.Contains(r.types, mimeType) {
		return "", fmt.Errorf("want %s, got what looks like %s", strings.Join(r.types, " or "), mimeType)
	}
	return mimeType, nil
}

// media is a sample of a header of media of a language.
type media struct {
	*Media
	path   string // in the file
	format string // IMAGE, VIDEO or DOCUMENT
}

// media returns the samples of a language, not those of its raw components.
func (l *Language) media() (found []media) {
	add := func(h *Header, path string) {
		if h == nil {
			return
		}
		for _, m := range []media{{h.Image, ".image", "IMAGE"}, {h.Video, ".video", "VIDEO"}, {h.Document, ".document", "DOCUMENT"}} {
			if m.Media != nil {
				m.path = path + m.path
				found = append(found, m)
				return
			}
		}
	}
	at := childPath("languages", l.Code)
	add(l.Header, at+".header")
	for i, card := range l.Cards {
		add(card.Header, itemPath(at+".cards", i)+".header")
	}
	return found
}

// checkMedia refuses or blocks a step whose samples the account does not take.
func (p *planner) checkMedia(s *Step) {
	for _, m := range s.language.media() {
		at := s.file.Position(m.path)
		switch {
		case m.File != "" && !p.abilities.Files && p.abilities.Links:
			s.refuse(at, p.abilities.System+" takes no files as samples of media: use a url")
		case m.File != "" && !p.abilities.Files:
			s.refuse(at, p.abilities.System+" takes files as samples of media only as uploads of an app: give its ID, or use a handle")
		case m.URL != "" && !p.abilities.Links:
			s.refuse(at, p.abilities.System+" takes no links as samples of media: use a file or a handle")
		case m.File != "":
			f, _, err := openSample(s.file, m)
			if err != nil {
				s.block(at, err.Error())
				break
			}
			_ = f.Close() // it was only read
		}
		if !s.changes() {
			return
		}
	}
	if path := linkIn("components", s.file.Params(s.language).Components); path != "" && !p.abilities.Links {
		s.refuse(s.file.Position(s.file.Source(s.language, path)), p.abilities.System+" takes no links as samples of media: use a handle")
	}
}

// linkIn returns the path of the first sample that is a link, "" for none.
func linkIn(path string, components []kirim.ComponentDefinition) string {
	for i, c := range components {
		at := itemPath(path, i)
		if c.Example != nil && len(c.Example.HeaderURL) > 0 {
			return at + ".example.header_url"
		}
		for j, card := range c.Cards {
			if found := linkIn(itemPath(at+".cards", j)+".components", card.Components); found != "" {
				return found
			}
		}
	}
	return ""
}

// openSample opens the file of a sample, which has to be in the directory of the template
// or below, and checks it.
func openSample(f *File, m media) (file *os.File, mimeType string, err error) {
	fault := func(err error) error {
		if broken, ok := errors.AsType[*os.PathError](err); ok {
			err = broken.Err // without the path, which is said already
		}
		return fmt.Errorf("the sample %.80q: %w", m.File, err)
	}
	root, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return nil, "", fault(err)
	}
	defer func() { _ = root.Close() }() // the file stays open
	name := filepath.FromSlash(m.File)
	if info, err := root.Stat(name); err != nil {
		return nil, "", fault(err)
	} else if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, "", fault(errors.New("want a regular file"))
	}
	if file, err = root.Open(name); err != nil {
		return nil, "", fault(err)
	}
	mimeType, err = checkSample(file, mediaRules[m.format])
	if err != nil {
		_ = file.Close() // it was only read
		return nil, "", fault(err)
	}
	return file, mimeType, nil
}

// checkSample returns the type of a file and leaves it at its start.
func checkSample(file *os.File, rule mediaRule) (mimeType string, err error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	start, err := io.ReadAll(io.LimitReader(file, 512))
	if err != nil {
		return "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return rule.check(start, info.Size())
}

// withHandles returns a copy of the language that has handles in place of files. upload is
// called for each file.
func (l *Language) withHandles(upload func(media) (handle string, err error)) (*Language, error) {
	c := *l
	c.Cards = slices.Clone(l.Cards)
	headers := []**Header{&c.Header}
	for i := range c.Cards {
		headers = append(headers, &c.Cards[i].Header)
	}
	for _, h := range headers {
		if *h != nil {
			header := **h
			*h = &header
			for _, m := range []**Media{&header.Image, &header.Video, &header.Document} {
				if *m != nil {
					sample := **m
					*m = &sample
				}
			}
		}
	}
	for _, m := range c.media() {
		if m.File == "" {
			continue
		}
		handle, err := upload(m)
		if err != nil {
			return nil, err
		}
		*m.Media = Media{Handle: handle}
	}
	return &c, nil
}

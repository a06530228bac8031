package kirimtest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How long what Meta keeps lives.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
const (
	uploadLifetime  = 30 * day
	inboundLifetime = 7 * day
	linkLifetime    = 5 * time.Minute
)

// mostBytes is how large a file of a type may be, by the part of its MIME type
// before the slash; that of a sticker is less, and that of any other is of documents.
var mostBytes = map[string]int{"image": 5 << 20, "video": 16 << 20, "audio": 16 << 20}

// metaFile is a file that was uploaded, or is of a customer's message.
type metaFile struct {
	head
	numberID string
	mime     string
	data     []byte
	expires  time.Time
}

// metaLink opens a file for a while.
type metaLink struct {
	file    *metaFile
	expires time.Time
}

// metaFile is the file with an id, nil for none. An empty numberID is any number.
// st.mu is held.
func (st *state) metaFile(id, numberID string, now time.Time) *metaFile {
	f, found := st.meta.files.get(id)
	if !found {
		f = st.inboundFile(id)
	}
	if f == nil || !now.Before(f.expires) || numberID != "" && f.numberID != numberID {
		return nil
	}
	return f
}

// inboundFile is the file of a customer's message, which has the id of the message.
// st.mu is held.
func (st *state) inboundFile(id string) *metaFile {
	m, found := st.inbound.get(id)
	if !found || m.received.Media == nil || m.token == "" {
		return nil
	}
	return &metaFile{
		head: m.head, numberID: m.chat.phoneNumberID, mime: m.received.Media.ContentType, data: m.received.Media.Data, expires: m.created.Add(inboundLifetime),
	}
}

// uploadMedia handles POST /{version}/{phone-number-id}/media.
func uploadMedia(x *exchange, n PhoneNumber) *reply {
	kind, data, lifetime, failure := x.upload()
	if failure != "" {
		return failed(metaFail(100, failure))
	}
	major, _, _ := strings.Cut(kind, "/")
	if most := cmp.Or(mostBytes[major], 100<<20); len(data) > most {
		return failed(metaFail(131053, "The file is larger than this type may be."))
	}
	st, now := &x.s.state, x.now()
	st.mu.Lock()
	defer st.mu.Unlock()
	f := &metaFile{head: st.newHead("", now), numberID: n.ID, mime: kind, data: data, expires: now.Add(lifetime)}
	f.id = graphID(500000000000000, &f.head)
	st.meta.keep(f, st.limits.MediaBytes)
	return &reply{status: http.StatusOK, data: mustJSON(map[string]string{"id": f.id})}
}

// keep adds a file, and drops the oldest ones beyond so many bytes.
func (m *metaState) keep(f *metaFile, most int) {
	for _, old := range m.files.add(f) {
		m.fileBytes -= len(old.data)
	}
	for m.fileBytes += len(f.data); m.fileBytes > most && len(m.files.order) > 1; {
		m.drop(m.files.order[0])
	}
}

func (m *metaState) drop(f *metaFile) {
	m.files.remove(f)
	m.fileBytes -= len(f.data)
}

// upload reads the parts of an upload, or tells what is wrong with them.
func (x *exchange) upload() (kind string, data []byte, lifetime time.Duration, failure string) {
	refuse := func(why string) (string, []byte, time.Duration, string) { return "", nil, 0, why }
	form, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || form != "multipart/form-data" || params["boundary"] == "" {
		return refuse("The request must be a form with parts.")
	}
	product, found, minutes := "", false, int(uploadLifetime/time.Minute)
	for parts := multipart.NewReader(bytes.NewReader(x.body), params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		var value []byte
		if err == nil {
			value, err = io.ReadAll(part)
		}
		if err != nil {
			return refuse("The form cannot be read.")
		}
		switch part.FormName() {
		case "messaging_product":
			product = string(value)
		case "type":
			kind = string(value)
		case "ttl_minutes": // anything else than a number is 0, which is too few
			minutes, _ = strconv.Atoi(string(value))
		case "file":
			data, found = value, true
			kind = cmp.Or(kind, part.Header.Get("Content-Type"))
		}
	}
	switch _, _, err := mime.ParseMediaType(kind); {
	case product != "whatsapp":
		return refuse("messaging_product: The value must be whatsapp.")
	case !found:
		return refuse("file: A required field is missing.")
	case err != nil || !strings.Contains(kind, "/"):
		return refuse("type: The field must be a MIME type.")
	case minutes < 60 || minutes > 43200:
		return refuse("ttl_minutes: The value must be 60 to 43200.")
	}
	return kind, data, time.Duration(minutes) * time.Minute, ""
}

// getMetaMedia handles GET /{version}/{media-id}. state.mu is held.
func getMetaMedia(x *exchange, f *metaFile) *reply {
	m, now := &x.s.state.meta, x.now()
	for token, link := range m.links {
		if !now.Before(link.expires) {
			delete(m.links, token)
		}
	}
	token := newSecret("", 18)
	m.links[token] = metaLink{f, now.Add(linkLifetime)}
	sum := sha256.Sum256(f.data)
	at := url.URL{Scheme: cmp.Or(x.r.URL.Scheme, "http"), Host: x.r.Host, Path: "/" + x.params[0] + "/attachments/" + token}
	return &reply{status: http.StatusOK, data: x.fieldsOf(map[string]any{
		"messaging_product": "whatsapp", "id": f.id, "mime_type": f.mime, "file_size": len(f.data), "sha256": hex.EncodeToString(sum[:]), "url": at.String(),
	})}
}

// downloadMedia is where the URL of a file leads. Like Meta's, it needs the access
// token.
func downloadMedia(x *exchange) *reply {
	st := &x.s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	link, found := st.meta.links[x.params[1]]
	if !found || !x.now().Before(link.expires) || st.metaFile(link.file.id, "", x.now()) == nil {
		e := noObject()
		e.status = http.StatusNotFound
		return failed(e)
	}
	return &reply{status: http.StatusOK, asIs: true, raw: link.file.data, header: http.Header{"Content-Type": {link.file.mime}}}
}

// deleteMetaMedia handles DELETE /{version}/{media-id}. state.mu is held.
func deleteMetaMedia(x *exchange, f *metaFile) *reply {
	st := &x.s.state
	if _, uploaded := st.meta.files.get(f.id); uploaded {
		st.meta.drop(f)
	} else if m, found := st.inbound.get(f.id); found {
		st.media.drop(m)
	}
	return success()
}

package kirim

import "reflect"

// Header stands above the body of an interactive message. One field is set,
// Filename and SubText aside; the zero Header means no header. The media are
// public https links, or media that Meta already holds.
//
// Docs: https://docs.kirimdev.com/sending/send-reply-buttons/. That Kirim takes
// media by their id is assumed.
type Header struct {
	// Text has 1 to 60 characters.
	Text string
	// Image is the link of an image, see [Image]; ImageID names one that Meta
	// already holds.
	Image, ImageID string
	// Video is the link of a video, see [Video]; VideoID names one that Meta
	// already holds.
	Video, VideoID string
	// Document is the link of a file, see [Document]; DocumentID names one that
	// Meta already holds.
	Document, DocumentID string
	// Filename is shown with a document.
	Filename string
	// SubText stands below Text, with at most 60 characters. It is Meta's field.
	//
	// Docs: https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	SubText string

	// Type is empty, except in a decoded header whose type is not that of the
	// field that is set: then it holds that type, which Validate refuses.
	Type string
}

// wireInteractive is the object of an interactive message. A is what its kind
// has for an action.
type wireInteractive[A any] struct {
	Type   string      `json:"type"`
	Header *wireHeader `json:"header,omitempty"`
	Body   *wireText   `json:"body,omitempty"`
	Footer *wireText   `json:"footer,omitempty"`
	Action *A          `json:"action,omitempty"`
}

// wireNamed is an action with a name and parameters.
type wireNamed[P any] struct {
	Name       string `json:"name"`
	Parameters *P     `json:"parameters,omitempty"`
}

type wireHeader struct {
	Type     string     `json:"type"`
	Text     string     `json:"text,omitempty"`
	SubText  string     `json:"sub_text,omitempty"`
	Image    *wireMedia `json:"image,omitempty"`
	Video    *wireMedia `json:"video,omitempty"`
	Document *wireMedia `json:"document,omitempty"`
}

type wireText struct {
	Text string `json:"text"`
}

type wireMedia struct {
	Link     string `json:"link,omitempty"`
	ID       string `json:"id,omitempty"`
	Filename string `json:"filename,omitempty"`
}

// decodeInteractiveAs takes a typed content only if it goes out again as it came
// in: that one comparison stands for a check of every field.
func decodeInteractiveAs[A any, C Content](typed func(*wireInteractive[A]) C) func([]byte) (Content, error) {
	return func(object []byte) (Content, error) {
		var w wireInteractive[A]
		if err := decodeStrict(object, &w); err != nil {
			return nil, err
		}
		return unchanged(typed(&w), &w)
	}
}

// unchanged returns a content that goes out as it came in, in either dialect.
func unchanged(content Content, wire any) (Content, error) {
	for _, d := range []dialect{dialectKirim, dialectMeta} {
		if again, err := content.object(d); err == nil && reflect.DeepEqual(again, wire) {
			return content, nil
		}
	}
	return nil, errNotTyped
}

// wire holds all that is set, under the kind of the first.
func (h Header) wire() *wireHeader {
	if h == (Header{}) {
		return nil
	}
	w := &wireHeader{
		Type: h.Type, Text: h.Text, SubText: h.SubText,
		Image: optionalMedia(h.Image, h.ImageID, ""), Video: optionalMedia(h.Video, h.VideoID, ""),
		Document: optionalMedia(h.Document, h.DocumentID, h.Filename),
	}
	if w.Type == "" {
		w.Type = h.kind()
	}
	return w
}

func (h Header) kind() string {
	switch {
	case h.Text != "":
		return "text"
	case h.Image != "" || h.ImageID != "":
		return "image"
	case h.Video != "" || h.VideoID != "":
		return "video"
	case h.Document != "" || h.DocumentID != "":
		return "document"
	}
	return ""
}

func (w *wireHeader) typed() Header {
	if w == nil {
		return Header{}
	}
	image, video, document := valueOf(w.Image), valueOf(w.Video), valueOf(w.Document)
	h := Header{
		Text: w.Text, SubText: w.SubText, Image: image.Link, ImageID: image.ID, Video: video.Link, VideoID: video.ID,
		Document: document.Link, DocumentID: document.ID, Filename: document.Filename,
	}
	if w.Type != h.kind() {
		h.Type = w.Type
	}
	return h
}

func optionalMedia(link, id, filename string) *wireMedia {
	if link == "" && id == "" && filename == "" {
		return nil
	}
	return &wireMedia{Link: link, ID: id, Filename: filename}
}

func optionalText(s string) *wireText {
	if s == "" {
		return nil
	}
	return &wireText{s}
}

func (w *wireText) typed() string { return valueOf(w).Text }

// valueOf is what p points to, or the zero value.
func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

// largestMessage limits what is read of a message, in bytes.
const largestMessage = 1 << 20

// messageFlags describe a message on the command line.
type messageFlags struct {
	to, replyTo  string
	text         string
	previewURL   bool
	file         string // a whole message as JSON
	media        [5]string
	caption      string
	filename     string
	voice        bool
	location     string
	place        string
	address      string
	reaction     string
	reactTo      string
	templateName string
	fill         fillFlags
}

// mediaNames are the flags of media, in the order of messageFlags.media.
var mediaNames = [5]string{"image", "video", "audio", "document", "sticker"}

func (m *messageFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.to, "to", "", "the recipient's `NUMBER`, with plus and country code, such as +6281100000001")
	f.StringVar(&m.replyTo, "reply-to", "", "the `wamid` of the customer's message that is quoted")
	f.StringVar(&m.text, "text", "", "send this `text`; - reads it from standard input")
	f.BoolVar(&m.previewURL, "preview-url", false, "show a preview of the first link in the text")
	f.StringVar(&m.file, "message", "", "send the message in this JSON `file`, which is the body of a send; - is standard input")
	for i, name := range mediaNames {
		f.StringVar(&m.media[i], name, "", "send this "+name+": a `link`, id:MEDIA_ID, or a file (only with --system cloudapi)")
	}
	f.StringVar(&m.caption, "caption", "", "the `text` below an image, a video or a document")
	f.StringVar(&m.filename, "filename", "", "the `name` of the document that the recipient sees")
	f.BoolVar(&m.voice, "voice", false, "send the audio as a voice message")
	f.StringVar(&m.location, "location", "", "send this place, as `LATITUDE,LONGITUDE` in degrees")
	f.StringVar(&m.place, "place-name", "", "the `name` of the place")
	f.StringVar(&m.address, "place-address", "", "the `address` of the place")
	f.StringVar(&m.reaction, "reaction", "", "react with this `emoji` to the message of --react-to; \"\" takes the reaction back")
	f.StringVar(&m.reactTo, "react-to", "", "the `wamid` of the message that is reacted to")
	f.StringVar(&m.templateName, "template", "", "send the approved template with this `name`")
	m.fill.add(cmd)
}

// upload is a file that has to be uploaded before the message can be sent.
type upload struct {
	path, mimeType string
	size           int64
	use            func(id string) kirim.Content
}

// pendingID stands for the media ID that an upload will have.
const pendingID = "MEDIA_ID_AFTER_UPLOAD"

// message returns what the flags say, and the file to upload for it, if any.
func (m *messageFlags) message(a *app.App, cmd *cobra.Command, system app.System) (kirim.OutboundMessage, *upload, error) {
	var none kirim.OutboundMessage
	var chosen []string
	for _, name := range append([]string{"text", "message", "location", "reaction", "template"}, mediaNames[:]...) {
		if cmd.Flags().Changed(name) {
			chosen = append(chosen, "--"+name)
		}
	}
	if len(chosen) != 1 {
		err := app.Usagef("the message has no content")
		if len(chosen) > 1 {
			err = app.Usagef("a message has one content, not %s", strings.Join(chosen, " and "))
		}
		return none, nil, app.WithHint(err, "give one of --text, --template, --image, --video, --audio, --document, --sticker, --location, --reaction and --message")
	}
	kind := strings.TrimPrefix(chosen[0], "--")
	if err := m.strayFlags(cmd, kind); err != nil {
		return none, nil, err
	}
	message := kirim.OutboundMessage{To: m.to, ReplyTo: m.replyTo}
	var pending *upload
	var err error
	switch kind {
	case "message":
		message, err = m.fromFile(a, cmd)
	case "text":
		message.Content, err = m.textContent(a)
	case "location":
		message.Content, err = m.locationContent()
	case "reaction":
		message.Content = kirim.Reaction{MessageID: m.reactTo, Emoji: m.reaction}
	case "template":
		message.Content, err = m.fill.template(a, m.templateName)
	default:
		message.Content, pending, err = m.mediaContent(kind, system)
	}
	if err != nil {
		return none, nil, err
	}
	return message, pending, nil
}

// ownFlags are the flags that belong to one content, or to several.
var ownFlags = map[string]string{
	"preview-url": "text", "caption": "image video document", "filename": "document", "voice": "audio",
	"place-name": "location", "place-address": "location", "react-to": "reaction",
	"language": "template", "param": "template", "named-param": "template", "header": "template",
	"button": "template", "components": "template", "definition": "template",
}

// strayFlags refuses flags of another content, which would be lost.
func (m *messageFlags) strayFlags(cmd *cobra.Command, kind string) error {
	for name, kinds := range ownFlags {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed && !strings.Contains(" "+kinds+" ", " "+kind+" ") {
			return app.Usagef("--%s belongs to --%s, not to --%s", name, strings.ReplaceAll(kinds, " ", ", --"), kind)
		}
	}
	return nil
}

func (m *messageFlags) fromFile(a *app.App, cmd *cobra.Command) (message kirim.OutboundMessage, err error) {
	text, err := a.ReadInput(m.file, largestMessage)
	if err != nil {
		return message, err
	}
	if err := decodeMessage(text, m.to, &message); err != nil {
		return message, app.WithHint(app.Usagef("the message in %s: %w", inputName(m.file), err),
			`it is the body of a send, such as {"to": "+6281100000001", "type": "text", "text": {"body": "Hello"}}`)
	}
	if cmd.Flags().Changed("to") {
		message.To = m.to
	}
	if cmd.Flags().Changed("reply-to") {
		message.ReplyTo = m.replyTo
	}
	return message, nil
}

// decodeMessage reads the body of a send. What is the same in all of them,
// messaging_product, may be missing, and the recipient is to when it is missing.
func decodeMessage(text []byte, to string, message *kirim.OutboundMessage) error {
	var head struct {
		MessagingProduct json.RawMessage `json:"messaging_product"`
		To               json.RawMessage `json:"to"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return errors.New("not a JSON object")
	}
	if head.MessagingProduct == nil {
		text = withMember(text, "messaging_product", "whatsapp")
	}
	if head.To == nil && to != "" {
		text = withMember(text, "to", to)
	}
	if err := json.Unmarshal(text, message); err != nil {
		return errors.New(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "kirim: "), "decode message: "))
	}
	return nil
}

// withMember adds a member to a JSON object. The others stay byte for byte as they are:
// the reader of messages refuses what has two readings, such as a name that is there twice.
func withMember(object []byte, name, value string) []byte {
	before, after, _ := bytes.Cut(object, []byte("{"))
	separator := ","
	if bytes.HasPrefix(bytes.TrimSpace(after), []byte("}")) {
		separator = ""
	}
	quoted, _ := json.Marshal(value) // a text
	return slices.Concat(before, fmt.Appendf(nil, "{%q:%s%s", name, quoted, separator), after)
}

func inputName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

func (m *messageFlags) textContent(a *app.App) (kirim.Content, error) {
	body := m.text
	if body == "-" {
		read, err := a.ReadInput("-", largestMessage)
		if err != nil {
			return nil, err
		}
		body = strings.TrimRight(string(read), "\r\n")
	}
	return kirim.Text{Body: body, PreviewURL: m.previewURL}, nil
}

func (m *messageFlags) locationContent() (kirim.Content, error) {
	latitude, longitude, found := strings.Cut(m.location, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(latitude), 64)
	long, err2 := strconv.ParseFloat(strings.TrimSpace(longitude), 64)
	if !found || err1 != nil || err2 != nil {
		return nil, app.Usagef("--location is not LATITUDE,LONGITUDE in degrees, such as -6.2,106.8")
	}
	return kirim.Location{Latitude: lat, Longitude: long, Name: m.place, Address: m.address}, nil
}

func (m *messageFlags) mediaContent(kind string, system app.System) (kirim.Content, *upload, error) {
	var ref string
	for i, name := range mediaNames {
		if name == kind {
			ref = m.media[i]
		}
	}
	link, id, file := mediaReference(ref)
	if file == "" {
		return m.mediaOf(kind, link, id), nil, nil
	}
	if !system.Uploads {
		return nil, nil, app.WithHint(app.Usagef("--%s names a file, and %s takes no uploads", kind, system.Title),
			"give a public https link, id:MEDIA_ID for media that Meta holds, or send with --system cloudapi")
	}
	pending, err := fileToUpload(file)
	if err != nil {
		return nil, nil, err
	}
	pending.use = func(id string) kirim.Content { return m.mediaOf(kind, "", id) }
	return pending.use(pendingID), pending, nil
}

// mediaReference tells a link, id:ID and a file apart.
func mediaReference(ref string) (link, id, file string) {
	if after, found := strings.CutPrefix(ref, "id:"); found {
		return "", after, ""
	}
	if strings.Contains(ref, "://") || ref == "" {
		return ref, "", ""
	}
	return "", "", ref
}

func (m *messageFlags) mediaOf(kind, link, id string) kirim.Content {
	switch kind {
	case "image":
		return kirim.Image{Link: link, ID: id, Caption: m.caption}
	case "video":
		return kirim.Video{Link: link, ID: id, Caption: m.caption}
	case "audio":
		return kirim.Audio{Link: link, ID: id, Voice: m.voice}
	case "document":
		return kirim.Document{Link: link, ID: id, Caption: m.caption, Filename: m.filename}
	}
	return kirim.Sticker{Link: link, ID: id}
}

func fileToUpload(file string) (*upload, error) {
	f, err := os.Open(file) //nolint:gosec // the person who runs the program names it
	if err != nil {
		return nil, app.WithHint(app.Usagef("%w", err), "give a file, an https link, or id:MEDIA_ID")
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, app.Usagef("%s is not a regular file", file)
	case info.Size() == 0:
		return nil, app.Usagef("%s is empty", file)
	}
	head := make([]byte, 512)
	n, _ := f.Read(head)
	return &upload{path: file, mimeType: mimeType(file, head[:n]), size: info.Size()}, nil
}

// mimeTypes are those of the files that the Cloud API takes. The tables of the
// operating system differ.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
var mimeTypes = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
	".mp4": "video/mp4", ".3gp": "video/3gpp",
	".aac": "audio/aac", ".amr": "audio/amr", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg",
	".txt": "text/plain", ".pdf": "application/pdf",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xls": "application/vnd.ms-excel", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".ppt": "application/vnd.ms-powerpoint", ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

func mimeType(file string, head []byte) string {
	if known := mimeTypes[strings.ToLower(filepath.Ext(file))]; known != "" {
		return known
	}
	detected, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return detected
}

// count says how many there are of a noun.
func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/kirim-go/kirim"
)

const (
	numberID  = "106540352242922"
	recipient = "+6281100000001"
	apiKey    = "kdv_live_TESTtestTESTtestTESTtest"
	text      = "Halo Sari, your order 1042 has left our house and will be with you tomorrow before noon."
	userAgent = "shop/1.0"
)

const sendPath = "/" + numberID + "/messages"

var accepted = canned{http.StatusAccepted, `{"data":{"id":"msg_01JD6Q3V8Y5N2M4K7P9R1S3T5V","object":"message","status":"pending",` +
	`"message_id":"wamid.HBgNNjI4MTEwMDAwMDAwMRUCABEYEkE3RkI0RjY5MjQ2QzA5RTcwNwA="},"request_id":"req_01JD6Q3V8Y5N2M4K7P9R1S3T5V"}`}

// bare is what a careful program writes for one call without any package: the
// measure of all others. It has no retries, no timeout, no validation and no
// typed errors, and all that never changes is put together by the compiler.
type bare struct {
	http *http.Client
	base string
}

func newBare(wire http.RoundTripper) *bare {
	return &bare{&http.Client{Transport: wire}, kirim.DefaultBaseURL}
}

type bareText struct {
	Body string `json:"body"`
}

type bareMessage struct {
	MessagingProduct string   `json:"messaging_product"`
	To               string   `json:"to"`
	Type             string   `json:"type"`
	Text             bareText `json:"text"`
}

type bareAccepted struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	WAMID  string `json:"message_id"`
	Object string `json:"object"`
}

func newBareMessage() *bareMessage {
	return &bareMessage{MessagingProduct: "whatsapp", To: recipient, Type: "text", Text: bareText{text}}
}

func (b *bare) send(ctx context.Context, message *bareMessage) (*bareAccepted, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+sendPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	setSendHeader(req.Header)
	resp, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	return decodeAccepted(resp)
}

func decodeAccepted(resp *http.Response) (*bareAccepted, error) {
	var answer struct {
		Data bareAccepted `json:"data"`
	}
	if err := bareDecode(resp, &answer); err != nil {
		return nil, err
	}
	return &answer.Data, nil
}

func setSendHeader(header http.Header) {
	setBareHeader(header)
	header.Set("Content-Type", "application/json")
	header.Set("Idempotency-Key", rand.Text())
}

func setBareHeader(header http.Header) {
	header.Set("Authorization", "Bearer "+apiKey)
	header.Set("Accept", "application/json")
	header.Set("User-Agent", userAgent)
}

// bareDecode reads and closes the answer.
func bareDecode(resp *http.Response, into any) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return newBareError(resp.StatusCode, body)
	}
	return json.Unmarshal(body, into)
}

// bareError is the envelope of an error, as a program would declare it.
type bareError struct {
	StatusCode int
	Body       []byte
	Details    struct {
		Type      string `json:"type"`
		Code      string `json:"code"`
		Message   string `json:"message"`
		Param     string `json:"param"`
		RequestID string `json:"request_id"`
	} `json:"error"`
}

func (e *bareError) Error() string { return fmt.Sprintf("%d %s", e.StatusCode, e.Details.Code) }

func newBareError(status int, body []byte) error {
	e := &bareError{StatusCode: status, Body: body}
	if err := json.Unmarshal(body, e); err != nil {
		return err
	}
	return e
}

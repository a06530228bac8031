package kirimtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"
)

// uploadTo uploads a file to Meta's API.
func uploadTo(t testing.TB, s *Server, product, kind string, data []byte, minutes ...string) result {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("messaging_product", product)
	if kind != "" {
		_ = form.WriteField("type", kind)
	}
	for _, m := range minutes {
		_ = form.WriteField("ttl_minutes", m)
	}
	if data != nil {
		part, _ := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a.bin"`}, "Content-Type": {kind}})
		_, _ = part.Write(data)
	}
	_ = form.Close()
	return meta(t, s, "POST", "/"+s.PhoneNumberID+"/media", body.String(), func(r *http.Request) { r.Header.Set("Content-Type", form.FormDataContentType()) })
}

func TestAFileAtMetaLivesThirtyDaysAndItsURLFiveMinutes(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.Receive(Inbound{From: customer})
	data := bytes.Repeat([]byte("png"), 1<<20) // more than other requests may have
	r := uploadTo(t, s, "whatsapp", "image/png", data)
	wantMeta(t, r, 200, 0, 0)
	id := dig(decoded(t, []byte(r.body)), "id").(string)
	wantMeta(t, metaSend(t, s, `"type":"image","image":{"id":"`+id+`"}`), 200, 0, 0)

	about := func() map[string]any {
		r := meta(t, s, "GET", "/"+id+"?phone_number_id="+s.PhoneNumberID, "")
		wantMeta(t, r, 200, 0, 0)
		return decoded(t, []byte(r.body))
	}
	file, sum := about(), sha256.Sum256(data)
	if file["mime_type"] != "image/png" || file["file_size"] != float64(len(data)) || file["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("the file is %v", file)
	}
	download := func(at string, edits ...edit) result {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, s, "GET", u.Path, "", append([]edit{bearer(s.AccessToken)}, edits...)...)
	}
	at := file["url"].(string)
	if r := download(at); r.status != 200 || r.body != string(data) || r.header.Get("Content-Type") != "image/png" {
		t.Errorf("the download is a %d of %d bytes", r.status, len(r.body))
	}
	wantMeta(t, download(at, bearer("EAAexample")), 401, 190, 0)
	clock.Advance(5 * time.Minute)
	wantMeta(t, download(at), 404, 100, 33)
	if r := download(about()["url"].(string)); r.status != 200 {
		t.Errorf("the second URL is a %d", r.status)
	}
	wantMeta(t, meta(t, s, "GET", "/"+id+"?phone_number_id=200000000000404", ""), 400, 100, 33)
	clock.Advance(30*day - 6*time.Minute)
	about()
	clock.Advance(time.Minute)
	wantMeta(t, meta(t, s, "GET", "/"+id, ""), 400, 100, 33)
}

func TestAFileAtMetaIsDeleted(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	uploaded := dig(decoded(t, []byte(uploadTo(t, s, "whatsapp", "application/pdf", []byte("%PDF")).body)), "id").(string)
	received := s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("jpeg"), ContentType: "image/jpeg"}}).ID
	for _, id := range []string{uploaded, received} {
		wantMeta(t, meta(t, s, "GET", "/"+id, ""), 200, 0, 0)
		wantMeta(t, meta(t, s, "DELETE", "/"+id, ""), 200, 0, 0)
		wantMeta(t, meta(t, s, "GET", "/"+id, ""), 400, 100, 33)
		wantMeta(t, meta(t, s, "DELETE", "/"+id, ""), 400, 100, 33)
	}
}

func TestAnUploadThatMetaRefuses(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	for name, tt := range map[string]struct {
		r    result
		code int
	}{
		"without the product": {uploadTo(t, s, "", "image/png", []byte("x")), 100},
		"without a file":      {uploadTo(t, s, "whatsapp", "image/png", nil), 100},
		"without a type":      {uploadTo(t, s, "whatsapp", "", []byte("x")), 100},
		"not a form":          {meta(t, s, "POST", "/"+s.PhoneNumberID+"/media", `{}`), 100},
		"too short a life":    {uploadTo(t, s, "whatsapp", "image/png", []byte("x"), "59"), 100},
		"too long a life":     {uploadTo(t, s, "whatsapp", "image/png", []byte("x"), "43201"), 100},
		"a life of words":     {uploadTo(t, s, "whatsapp", "image/png", []byte("x"), "long"), 100},
		"too large an image":  {uploadTo(t, s, "whatsapp", "image/png", make([]byte, 5<<20+1)), 131053},
	} {
		t.Log(name)
		wantMeta(t, tt.r, 400, tt.code, 0)
	}
}

func TestFilesBeyondTheLimitAreForgotten(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithLimits(Limits{MediaBytes: 10}))
	first := dig(decoded(t, []byte(uploadTo(t, s, "whatsapp", "text/plain", []byte("123456")).body)), "id").(string)
	second := dig(decoded(t, []byte(uploadTo(t, s, "whatsapp", "text/plain", []byte("123456")).body)), "id").(string)
	wantMeta(t, meta(t, s, "GET", "/"+first, ""), 400, 100, 33)
	if r := meta(t, s, "GET", "/"+second, ""); !strings.Contains(r.body, second) {
		t.Error(r.body)
	}
}

func TestFilesLiveAsLongAsMetaSays(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	files := map[time.Duration]string{
		time.Hour: dig(decoded(t, []byte(uploadTo(t, s, "whatsapp", "text/plain", []byte("a"), "60").body)), "id").(string),
		7 * day:   s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("b")}}).ID,
		30 * day:  dig(decoded(t, []byte(uploadTo(t, s, "whatsapp", "text/plain", []byte("c")).body)), "id").(string),
	}
	at := time.Duration(0)
	for _, life := range []time.Duration{time.Hour, 7 * day, 30 * day} {
		clock.Advance(life - time.Second - at)
		wantMeta(t, meta(t, s, "GET", "/"+files[life], ""), 200, 0, 0)
		clock.Advance(time.Second)
		wantMeta(t, meta(t, s, "GET", "/"+files[life], ""), 400, 100, 33)
		at = life
	}
}

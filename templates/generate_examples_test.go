package templates_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates"
)

func TestTheGeneratedCodeInTheRepositoryIsCurrent(t *testing.T) {
	t.Parallel()
	generated, err := filepath.Glob("../examples/*/tpl/tpl.go")
	if err != nil || len(generated) < 2 {
		t.Fatalf("%q, %v", generated, err)
	}
	for _, path := range append(generated, "internal/shop/shop.go") {
		dir := filepath.Join(filepath.Dir(path), "templates")
		if filepath.Base(path) == "tpl.go" {
			dir = filepath.Join(filepath.Dir(path), "..", "templates")
		}
		files, err := templates.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := templates.CheckGenerated(path, files, templates.GenerateOptions{}); err != nil {
			t.Errorf("run go generate ./... in the directory of the example: %v", err)
		}
	}
}

// The example of one-time codes may import the root module alone, and creates its
// template by itself.
func TestTheTemplateThatTheExampleCreatesIsThatOfItsFile(t *testing.T) {
	t.Parallel()
	files, err := templates.Read("../examples/otp/templates")
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	want := kirim.DefineOneTimeCode("shop_code", "id", kirim.OneTimeCodeOptions{SecurityRecommendation: true, ExpirationMinutes: 5})
	got := files[0].Params(&files[0].Languages[0])
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("%s\n%s\n%v %v", a, b, errA, errB)
	}
}

package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// deploy is the directory with the Dockerfile and the compose file.
const deploy = "../../deploy"

// instruction returns what follows the last instruction of this name in the Dockerfile.
func instruction(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n"+name+" ")
	if !found {
		t.Fatalf("the Dockerfile has no %s", name)
	}
	line, _, _ := strings.Cut(strings.ReplaceAll(after, "\\\n", ""), "\n")
	return line
}

func TestTheCommandOfTheImageRunsAndIsHealthyWithoutTheToken(t *testing.T) {
	t.Parallel()
	var entry, args []string
	for name, into := range map[string]*[]string{"ENTRYPOINT": &entry, "CMD": &args} {
		if err := json.Unmarshal([]byte(instruction(t, name)), into); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(entry, []string{"kirim"}) || args[0] != "sandbox" || !slices.Contains(args, "0.0.0.0:4010") {
		t.Fatalf("the image runs %q %q", entry, args)
	}
	for i, arg := range args { // what a machine has but once
		args[i] = strings.NewReplacer(":4010", ":0", "/var/lib/kirim", t.TempDir()).Replace(arg)
	}
	r := start(t, map[string]string{"KIRIM_SANDBOX_TOKEN": "a-token-of-16-letters"}, args[1:]...)
	health := instruction(t, "HEALTHCHECK")
	_, path, found := strings.Cut(health, "http://127.0.0.1:4010/")
	if !found {
		t.Fatalf("the health check is %s", health)
	}
	resp, err := http.Get(r.InspectorURL + path)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %d", path, resp.StatusCode)
	}
}

func TestTheFilesOfTheImageNameWhatExists(t *testing.T) {
	t.Parallel()
	root := filepath.Join(deploy, "../../..")
	exists := func(path string) {
		t.Helper()
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if build := instruction(t, "RUN"); !strings.HasPrefix(build, "CGO_ENABLED=0 go build -C cmd/kirim ") {
		t.Errorf("the image is built with %s", build)
	}
	exists(filepath.Join(root, "cmd/kirim/main.go"))

	text, err := os.ReadFile(filepath.Join(deploy, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Build struct {
				Context, Dockerfile string
			}
			Command     string
			Environment map[string]string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	box, service := file.Services["sandbox"], file.Services["service"]
	exists(filepath.Join(deploy, box.Build.Context, box.Build.Dockerfile))
	if _, dir, found := strings.Cut(service.Command, "-C /src/"); found {
		dir, _, _ = strings.Cut(dir, " ")
		exists(filepath.Join(root, dir, "main.go"))
	} else {
		t.Errorf("the service runs %s", service.Command)
	}
	cmd, _, err := command(io.Discard, io.Discard, nil).Find([]string{"sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	for name := range box.Environment {
		if !known(cmd, name) {
			t.Errorf("the sandbox does not know $%s", name)
		}
	}
}

// known reports whether the help names a variable, or a flag that it stands for.
func known(cmd *cobra.Command, variable string) bool {
	flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, "KIRIM_SANDBOX_"), "_", "-"))
	return cmd.Flags().Lookup(flag) != nil || strings.Contains(cmd.Long, "$"+variable)
}

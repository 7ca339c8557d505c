# One line a target. `make run` and `make test` do all the set-up they need; see README.md.

GO ?= go

.PHONY: run test bench build lint fuzz asan soak clean install

test bench lint fuzz asan soak: export CGO_CFLAGS = $(shell ./build.sh cflags)

run: ; @$(GO) build -o build/ctirun ./cmd/ctirun && build/ctirun
# What runs on a real switch runs by itself: a switch that is starved of processor tells of other calls than were made.
test: ; @$(GO) vet ./... && $(GO) test -race -timeout 10m $$($(GO) list ./... | grep -v /tests/fs) && $(GO) test -race -p 1 -count=1 -timeout 15m ./tests/fs/... ./tests/fsmod
bench: ; @$(GO) test -p 1 -run '^$$' -bench Ratio -benchtime 1x -timeout 60m $$(grep -rlE '^func Benchmark.*Ratio' --include=*_test.go . | xargs -n1 dirname | sort -u)
build: ; @./build.sh
lint: ; @test -z "$$(gofmt -l .)" && $(GO) vet ./... && $(GO) tool staticcheck ./... && if command -v cppcheck >/dev/null; then cppcheck -q --error-exitcode=1 --inline-suppr -Icgo fsmod cgo; else echo "cppcheck is absent: C was not linted"; fi
fuzz: ; @for target in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do for name in $$(grep -hoE '^func Fuzz[A-Za-z]+' $$target/*_test.go | cut -c6-); do $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime 20s -fuzzminimizetime 10x $$target || exit 1; done; done
asan: ; @CTI_ASAN=1 $(GO) test -count=1 -v ./tests/chost
soak: ; @CTI_SOAK=1 $(GO) test -race -p 1 -count=1 -timeout 90m -v -run Soak ./tests/fs ./sim ./tests/center && CTI_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run MillionEach ./sim && CTI_SOAK=1 $(GO) test -race -count=1 -timeout 60m ./tests/fsmod
clean: ; @rm -rf build
install: ; @./build.sh install

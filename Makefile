# The commands of the project. They need Python 3.11 or later, make, and a package registry for the first call.
#
#   make run     run the portal with its demo organisation; DEMO=0 make run starts an empty one
#   make test    the whole test suite; make test ARGS="tests/web -k overview" a part of it
#   make check   everything that must be right before a change goes in
#   make bench   how fast things are
#   make lock    lock the dependencies anew, in their latest versions that fit

# Console scripts name an absolute interpreter, which a path with spaces or a moved checkout breaks; modules do not.
PY := .venv/bin/python
PYTHON ?= python3
export PYTHON

.PHONY: run test check lint bench lock install-run install-dev

run: install-run
	@DEMO=$${DEMO:-1} exec $(PY) manage.py up

test: install-dev
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

check: lint test

# As if in production: every setting that the checks ask for, and no other.
lint: install-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"
	$(PY) -m djlint templates --lint --quiet
	DJANGO_SETTINGS_MODULE=auditportal.settings.test $(PY) manage.py makemigrations --check --dry-run
	place=$$(mktemp -d) && trap 'rm -rf "$$place"' EXIT && env -u DATABASE_URL_FILE -u SECRET_KEY_FILE -u REDIS_URL_FILE \
		DEMO=0 PUBLIC_URL=https://portal.example.org TRUSTED_PROXIES=127.0.0.1 LOG_ROOTS=/var/log VAR_DIR="$$place" \
		DATABASE_URL=postgres://portal@db.example.org/portal REDIS_URL=rediss://cache.example.org/0 \
		SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(PY) manage.py check --deploy --fail-level WARNING
	$(PY) -m mypy .

bench: install-dev
	@$(PY) -m pytest -o python_files='bench_*.py' -o python_functions='bench_*' -p no:randomly --timeout 1800 -s -q tests/bench $(ARGS)

lock: install-dev
	for part in run dev; do \
		VIRTUAL_ENV=.venv $$(command -v uv || echo .venv/bin/uv) pip compile --quiet --upgrade --universal --python-version 3.11 \
			--generate-hashes --no-emit-index-url --custom-compile-command 'make lock' \
			requirements/$$part.in -o requirements/$$part.txt || exit 1; \
	done

install-run:
	@sh requirements/install run

install-dev:
	@sh requirements/install dev

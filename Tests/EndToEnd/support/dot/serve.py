"""Creates the tables, users and machine clients of the provider where there are none, then serves it: `serve.py PORT`."""

import os
import sys

import django
import uvicorn
from django.core.asgi import get_asgi_application
from django.core.management import call_command


def populate() -> None:
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application

    if User.objects.exists():
        return
    for name in ("alice", "bob"):
        User.objects.create_user(name, password=f"{name}-password")
    for client in ("E2E_PROVIDER_MACHINE_ID", "E2E_PROVIDER_OPAQUE_ID"):
        Application.objects.create(
            name=os.environ[client],
            client_id=os.environ[client],
            client_secret=os.environ["E2E_PROVIDER_MACHINE_SECRET"],
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )


def main(port: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "support.dot.project"
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    populate()
    uvicorn.run(
        get_asgi_application(),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        lifespan="off",
        ssl_certfile=os.environ["E2E_PROVIDER_TLS_CERTIFICATE"] or None,
        ssl_keyfile=os.environ["E2E_PROVIDER_TLS_KEY"] or None,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))

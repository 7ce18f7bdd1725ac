from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed files; the names inside ES modules' imports are hashed too, so all can be kept for ever."""

    support_js_module_import_aggregation = True

"""The only place that knows the web, the job queue and the local servers; `portal.app.create_app` builds the app."""

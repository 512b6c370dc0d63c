"""The only place that knows the web, the job queue and the local servers; building the app is `portal.app.create_app`."""

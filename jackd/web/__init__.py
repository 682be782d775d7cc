"""HTTP without features: who may call (auth), how much (limits), what fails how (router), files and ranges."""

"""What finds plugins and guards what they give; what their authors import is `cnnbench.plugin`."""

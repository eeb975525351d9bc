
module tiny_core(bits, signals, clk);
  wire \$1 ;
  wire \$2 ;
  input [4:0] bits;
  wire [4:0] bits;
  input clk;
  wire clk;
  wire l0_n0;
  wire l0_n1;
  wire l0_n2;
  wire l0_n3;
  wire l1_n0;
  wire l1_n1;
  wire l1_n2;
  wire l1_n3;
  wire l1_n4;
  output [4:0] signals;
  reg [4:0] signals = 5'h00;
  reg [3:0] stage1 = 4'h0;
  (* init = 5'h00 *)
  wire [4:0] stage2;
  assign l1_n2 = stage1[2] | \$1 ;
  assign l1_n3 = stage1[0] | stage1[3];
  assign \$2  = ~ stage1[0];
  assign l1_n4 = \$2  & stage1[2];
  always @(posedge clk)
    stage1 <= { l0_n3, l0_n2, l0_n1, l0_n0 };
  always @(posedge clk)
    signals <= { l1_n4, l1_n3, l1_n2, l1_n1, l1_n0 };
  assign l0_n0 = 8'h96 >> { bits[4:3], bits[0] };
  assign l0_n1 = 8'he8 >> bits[3:1];
  assign l0_n2 = 5'h1b >> { bits[4], bits[1:0] };
  assign l0_n3 = 7'h7f >> bits[4:2];
  assign l1_n0 = stage1[0] & stage1[1];
  assign l1_n1 = stage1[1] ^ stage1[2];
  assign \$1  = ~ stage1[3];
  assign stage2 = signals;
endmodule
